#include <dbnet/version.hpp>

namespace dbnet {

const char* version() noexcept { return DBNET_VERSION; }

}  // namespace dbnet
