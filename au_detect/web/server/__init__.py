"""The REST server: uploads in, worker processes that measure, answers, results and feedback out."""
