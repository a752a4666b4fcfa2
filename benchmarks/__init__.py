"""What stagemail costs beside its peers: ``make bench``. Not here: tests; nothing in this folder is timed by them."""
