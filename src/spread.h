// Spreads the items of one piece of work over the worker lane; the calling thread takes part, so that it ends even when
// no worker is free.
#pragma once

#include "src/lane.h"
#include "src/rest/transact.h"

namespace alzette {

rest::Each spread_over(WorkerLane& workers, std::size_t helpers);

}  // namespace alzette
