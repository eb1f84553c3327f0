"""The worker behind `trainyard-model-server`: loads the user's model, answers one request at a time
over a socket (src/hosting/README.md tells its messages)."""
