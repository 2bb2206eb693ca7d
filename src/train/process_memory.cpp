#include "train/process_memory.hpp"

#include <malloc.h>

namespace dbnet::train {

void keep_freed_memory() {
#if defined(__GLIBC__)
    mallopt(M_MMAP_MAX, 0);         // large blocks come from the heap, too
    mallopt(M_TRIM_THRESHOLD, -1);  // whose end is never given back
    mallopt(M_TOP_PAD, 64 << 20);
#endif
}

}  // namespace dbnet::train
