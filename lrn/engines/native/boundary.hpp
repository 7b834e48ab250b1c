// What both faces of the native engine to Python need: the variants there are, and threads.
#pragma once
#include "arguments.hpp"
#include "processor.hpp"
#include "variants.hpp"

#include <nanobind/stl/function.h>
#include <nanobind/stl/optional.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <climits>
#include <cmath>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <new>
#include <optional>
#include <stdexcept>
#include <system_error>
#include <thread>
#include <vector>

#include <pthread.h>

// The variants of this build, best first: CMakeLists.txt defines LRN_VARIANTS as LRN_EACH(v4) LRN_EACH(v3) ...
// An X macro: LRN_VARIANTS calls LRN_EACH once per variant, and what LRN_EACH does is defined before each use.
#define LRN_EACH(name) namespace lrn_##name { extern const lrn::Variant variant; }
LRN_VARIANTS
#undef LRN_EACH

namespace lrn {

// Best first, only what this processor can run.
inline std::vector<const Variant *> usable() {
  std::vector<const Variant *> runnable;
#define LRN_EACH(name) if (runs_here(#name)) runnable.push_back(&lrn_##name::variant);
  LRN_VARIANTS
#undef LRN_EACH
  return runnable;
}

inline const Variant &named(const std::string &name) {
  for (const Variant *variant : usable())
    if (name == variant->name) return *variant;
  throw nb::value_error(("no native variant '" + name + "' on this processor").c_str());
}

using Progress = std::optional<std::function<void(long)>>;

// When the interpreter ends, a daemon thread of Python may still wait here for its training. If it then asks for Python's
// lock, it is ended in the middle of C++, which aborts the process. So before the interpreter ends, trainings are cancelled,
// and the threads that waited for them stay here until the process is gone.
struct Ending {
  static inline std::atomic<bool> begun{false};
  static inline std::atomic<int> waiting{0};       // threads that will ask for Python's lock again
  static inline std::thread::id last;              // the thread that ends the interpreter, which may go on training
  static constexpr auto patience = std::chrono::seconds(10); // in case a thread's report never returns

  // Whether this thread is one of those that stay.
  static bool stays() { return begun && std::this_thread::get_id() != last; }

  // Run by Python before it ends, in its main thread.
  static void begin() {
    last = std::this_thread::get_id();
    begun = true;
    nb::gil_scoped_release release;
    const auto until = std::chrono::steady_clock::now() + patience;
    while (waiting > 0 && std::chrono::steady_clock::now() < until)
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }

  [[noreturn]] static void stay() {
    --waiting;
    for (;;) std::this_thread::sleep_for(std::chrono::hours(1));
  }

  static void prepare() {
    pthread_atfork(nullptr, nullptr, [] { waiting = 0; }); // a child has none of the threads
    nb::module_::import_("atexit").attr("register")(nb::cpp_function(begin));
  }
};

// Python's lock, let go; taken again at the end, unless the interpreter ends.
class Unlocked {
public:
  Unlocked() {
    ++Ending::waiting;
    state = PyEval_SaveThread();
    if (Ending::stays()) Ending::stay();
  }
  ~Unlocked() {
    if (Ending::stays()) Ending::stay();
    PyEval_RestoreThread(state);
    --Ending::waiting;
  }
  Unlocked(const Unlocked &) = delete;

private:
  PyThreadState *state;
};

// Runs `work` on several threads; every tenth of a second reports progress and lets Python handle signals.
inline void run_threads(int threads, const std::function<void()> &work, std::atomic<bool> &cancelled,
                 const std::function<void()> &report) {
  std::mutex mutex;
  std::condition_variable ended;
  int running = threads;
  std::vector<std::thread> pool;
  pool.reserve(threads);
  const auto run = [&] {
    work();
    std::lock_guard lock(mutex);
    --running;
    ended.notify_one();
  };
  // The interpreter's lock is let go while the threads work, and taken for a moment at each report.
  bool failed = false;
  {
    Unlocked unlocked;
    for (int started = 0; started < threads; ++started) {
      try {
        pool.emplace_back(run);
      } catch (const std::exception &) { // the machine gives no more threads: those that run do the work
        if (pool.empty()) throw;
        std::lock_guard lock(mutex);
        running -= threads - started;
        break;
      }
    }
    std::unique_lock lock(mutex);
    while (!ended.wait_for(lock, std::chrono::milliseconds(100), [&] { return running == 0; })) {
      lock.unlock();
      if (Ending::stays()) {
        cancelled = true;
      } else if (!failed) {
        nb::gil_scoped_acquire acquire;
        if (PyErr_CheckSignals() != 0) {
          cancelled = failed = true;
        } else {
          try {
            report();
          } catch (nb::python_error &error) {
            error.restore();
            cancelled = failed = true;
          }
        }
      }
      lock.lock();
    }
    lock.unlock();
    for (auto &thread : pool) thread.join();
  }
  if (failed) throw nb::python_error();
}

} // namespace lrn
