# LibTorch as dbnet_dep::torch: Debian's libtorch-dev, or the folder of another release (the PyPI package torch holds one) under
# DBNET_TORCH_ROOT. Its own CMake package is not used: it insists on a CUDA toolkit.
set(DBNET_TORCH_ROOT "" CACHE PATH "Folder with include/ and lib/ of a LibTorch; empty: the system's")

set(torch_libraries torch torch_cpu c10)
if(DBNET_TORCH_ROOT)
  set(torch_includes "${DBNET_TORCH_ROOT}/include" "${DBNET_TORCH_ROOT}/include/torch/csrc/api/include")
  set(torch_where HINTS "${DBNET_TORCH_ROOT}/lib" NO_DEFAULT_PATH)
  if(EXISTS "${DBNET_TORCH_ROOT}/lib/libtorch_cuda.so")
    list(APPEND torch_libraries torch_cuda c10_cuda)
  endif()
else()
  find_path(DBNET_TORCH_INCLUDE torch/torch.h PATH_SUFFIXES torch/csrc/api/include)
  if(NOT DBNET_TORCH_INCLUDE)
    message(FATAL_ERROR "torch/torch.h not found: install libtorch-dev, or set DBNET_TORCH_ROOT or DBNET_BUILD_TRAIN=OFF")
  endif()
  set(torch_includes "${DBNET_TORCH_INCLUDE}")
endif()

add_library(dbnet_dep_torch INTERFACE)
add_library(dbnet_dep::torch ALIAS dbnet_dep_torch)
target_include_directories(dbnet_dep_torch SYSTEM INTERFACE ${torch_includes})
# Libraries that register operators only are needed although nothing refers to them.
target_link_options(dbnet_dep_torch INTERFACE -Wl,--no-as-needed)
foreach(library IN LISTS torch_libraries)
  find_library(DBNET_TORCH_${library} ${library} ${torch_where} REQUIRED)
  target_link_libraries(dbnet_dep_torch INTERFACE "${DBNET_TORCH_${library}}")
endforeach()
