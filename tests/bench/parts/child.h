// A program of ours in the background: started, waited for until it is ready, measured, stopped.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

namespace bench {

class Child {
 public:
  // Returns when the program has printed its line "ready http=http://127.0.0.1:PORT". Throws when it ends before.
  explicit Child(const std::vector<std::string>& command);
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child();  // SIGTERM, and waits

  std::uint16_t port() const { return port_; }
  double resident_mib() const;

 private:
  pid_t pid_ = -1;
  std::uint16_t port_ = 0;
};

// Runs a program to its end. Throws unless it exits with 0.
void run(const std::vector<std::string>& command);

}  // namespace bench
