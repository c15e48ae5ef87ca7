"""What may be said about a result: references, licences, and the check of every sentence."""
