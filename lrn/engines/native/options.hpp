// The choices of an experiment, in the order in which lrn/experiment.py lists them.
#pragma once

namespace lrn {

enum class Connection { plain, late, residual };
enum class Optimizer { adam, sgd, momentum, rmsprop, adamw };
enum class Activation { relu, leaky_relu, prelu, elu };
enum class Initial { torch, he };
enum class Norm { none, batch };

} // namespace lrn
