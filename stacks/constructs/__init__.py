"""What features need of AWS beyond tables and functions, each as its manifest's `infrastructure` names it."""
