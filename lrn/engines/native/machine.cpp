// Prints the best variant for the machine that builds: CMakeLists.txt runs it, and it is no part of the module.
#include "processor.hpp"

#include <cstdio>

int main() {
  for (const char *variant : {"v4", "v3", "v2", "generic"})
    if (lrn::runs_here(variant)) return std::puts(variant) < 0;
}
