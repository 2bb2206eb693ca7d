#pragma once

#include "detect/postprocess.hpp"

// The two ways from contours to regions; postprocess() chooses.
namespace dbnet::detect {

PostprocessResult postprocess_native(const MapView& map, const PostprocessOptions& options);

/// MhLiao, mmocr and Paddle (specification, 8.2 to 8.4).
PostprocessResult postprocess_as_reference(const MapView& map, const PostprocessOptions& options);

}  // namespace dbnet::detect
