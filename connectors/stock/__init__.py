"""What Rasa's stock channels lack, made good around them: who calls, which message it is, how to write later."""
