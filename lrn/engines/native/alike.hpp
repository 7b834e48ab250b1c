// Narrow networks of which some layers put out the same for all samples: which layers these are.
//
// Above a dead layer all samples have the same activations. So where every network of the vector has a dead layer, those
// above all of these need be computed for the first sample only. In a plain network a settled layer counts, which stays dead.
// In a late one the layers below a dead layer learn on and may bring it back to life, so each epoch looks whether it still is
// dead. With width 2 and depth 20 three quarters of a late network's layers are alike, if networks that share a vector have
// about the same first dead layer.
#pragma once
#include "network.hpp"

namespace LRN_NAMESPACE {

template <class V, class Act, Optimizer opt, bool late, int width> struct AlikeNetwork : Network<V, Act, opt, late, width> {
  using Base = Network<V, Act, opt, late, width>;
  using typename Base::R;
  using Base::task, Base::frozen, Base::output_of;

  static constexpr bool has_alike_layers = Act::can_die;
  int first_alike; // layers from this one on are alike in this epoch
  int alike_from;  // as the last check found
  V first_dead;    // of a late network: its first dead layer, or D

  LRN_FN AlikeNetwork(const Task<R> &task, const Fleet<V> &fleet)
      : Base(task, fleet), first_alike(task.depth), alike_from(task.depth), first_dead(fill<V>(R(task.depth))) {}

  // How many layers of each network can be skipped, or are computed for one sample only.
  LRN_FN V rank() const { return Base::can_settle ? this->settled : fill<V>(R(task.depth)) - first_dead; }

  LRN_BIG_FN void freeze(int epoch) {
    Base::freeze(epoch);
    if constexpr (!has_alike_layers) return;
    if (!late) alike_from = frozen > 0 ? frozen : task.depth;
    else find_dead_layers();
  }

  // Looks for the first dead layer of each network in the outputs of all samples.
  LRN_BIG_FN void find_dead_layers() {
    first_dead = fill<V>(R(task.depth));
    for (int layer = task.depth - 1; layer >= 0; --layer)
      first_dead = select_le(sum_of_outputs(layer), V{}, fill<V>(R(layer)), first_dead);
    alike_from = 1;
    while (alike_from < task.depth && !all_zero(select_gt(first_dead, fill<V>(R(alike_from - 1)), fill<V>(R(1)), V{})))
      ++alike_from;
  }

  // Whether all those layers are dead in this epoch, too. Networks that share a vector were sorted by them, so few layers have
  // to be looked at.
  LRN_BIG_FN bool still_dead() const {
    V alive{};
    for (int layer = 0; layer < first_alike; ++layer) {
      const V here = fill<V>(R(layer)), one = fill<V>(R(1));
      const V looks = select_le(first_dead, here, select_le(here, first_dead, one, V{}), V{});
      if (!all_zero(looks)) alive = alive + select_le(looks, V{}, V{}, sum_of_outputs(layer));
    }
    return all_zero(alive);
  }

  // Zero if the layer is dead: no output of a ReLU is below zero, and sums with a NaN are NaN.
  LRN_FN V sum_of_outputs(int layer) const {
    V sum{};
    const Cells<V> out = output_of(layer);
    for (long k = 0; k < long(task.samples) * width; ++k) sum = sum + out[k];
    return sum;
  }
};

} // namespace LRN_NAMESPACE
