"""How the distribution is made: one package ``crosscam`` of what lies in several folders here."""
