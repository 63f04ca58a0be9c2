"""The shelf: models in folders of their own, each with a card; shipped ones, and those a user has put there."""
