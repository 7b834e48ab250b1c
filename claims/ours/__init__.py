"""Why late connections help, and what kills neurons: our own explanations, as claims.

The thesis finds that late networks converge at about the same rate whatever their depth, and explains it with neurons
kept alive. What follows was found by looking at networks of seeds from 5,000,000 on, and is checked on others:

1. `test_1_first_layer`: the first hidden layer decides. Where it is silent, the whole network has one output; |x| needs
   a first layer that speaks on (nearly) all samples. A late connection makes that enough: a late network acts as its
   first few layers, and what lies behind the first dead layer, alive or dead, does not matter. A plain network needs
   every one of its layers, so its chances fall by a constant factor with each.
2. `test_2_dead_from_the_start`: most neurons that are dead after training were dead before the first step. Plain
   networks that were born with a dead layer cannot converge, late ones can; so the plain networks that converge were
   born with fewer dead neurons, and comparing dead neurons among survivors compares two selections.
3. `test_3_signal`: at width 16, where hardly any layer is dead, deep plain networks fail all the same. Torch's initial
   weights let the signal fade; He's keep it, and those networks converge.
"""
