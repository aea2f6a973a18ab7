"""What people ask of automation in the app: a pause, answers to questions, maintenance windows."""
