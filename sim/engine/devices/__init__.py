"""Device models, one file per peripheral IP, in folders by kind; what all share stands beside the folders."""
