#pragma once

// Everything dbnet offers to C++.
#include <dbnet/detector.hpp>
#include <dbnet/error.hpp>
#include <dbnet/image.hpp>
#include <dbnet/region.hpp>
#include <dbnet/version.hpp>
