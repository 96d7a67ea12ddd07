// What a C library makes and frees: Owned<SSL, SSL_free>.
#pragma once

#include <memory>

namespace fhir {

template <auto release>
struct Release {
  template <class T>
  void operator()(T* made) const {
    release(made);
  }
};

template <class T, auto release>
using Owned = std::unique_ptr<T, Release<release>>;

}  // namespace fhir
