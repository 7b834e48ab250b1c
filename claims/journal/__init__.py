"""G. Dhakal, Journal on Residual Connections in Deep Neural Networks (2023): networks with and without skip connections.

The journal gives no figures and no settings. Its claims are measured on the 8x8 digits of scikit-learn with networks as
narrow as they may be, so that hundreds can be trained; He et al.'s (2016) optimiser (stochastic gradient descent,
momentum 0.9, learning rate 0.1) and depths (20 and 56) stand in for those that it does not name.
"""
