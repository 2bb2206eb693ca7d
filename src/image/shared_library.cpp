#include "image/shared_library.hpp"

#include <dlfcn.h>

#include "core/error.hpp"

namespace dbnet::image {

SharedLibrary::SharedLibrary(const char* name, const char* package)
    : name_(name), handle_(::dlopen(name, RTLD_NOW | RTLD_LOCAL)) {
    if (handle_ == nullptr)
        core::fail(ErrorCode::unsupported, "needs ", name, ": install the package ", package);
}

void* SharedLibrary::address_of(const char* function) const {
    void* address = ::dlsym(handle_, function);
    if (address == nullptr)
        core::fail(ErrorCode::unsupported, name_, " has no function ", function,
                   ": it is another version than dbnet was built with");
    return address;
}

}  // namespace dbnet::image
