// The choices of an experiment, in the order in which lrn.experiment lists them: Python hands over the position of a name
// in its list. tests/engines/test_choose.py compares both.
#pragma once

namespace lrn {

enum class Connection { plain, late, residual };
enum class Optimizer { adam, sgd, momentum, rmsprop, adamw };
enum class Activation { relu, leaky_relu, prelu, elu };
enum class Initial { torch, he };
enum class Norm { none, batch };

} // namespace lrn
