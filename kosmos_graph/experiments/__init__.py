"""From a design to a result: the catalogue of methods, what each needs, review, power, multiplicity and the runner."""
