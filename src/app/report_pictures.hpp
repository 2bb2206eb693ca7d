#pragma once

#include <string>
#include <vector>

#include <dbnet/image.hpp>

#include "eval/errors.hpp"
#include "eval/sample.hpp"

// The pictures of the error report. Images are not changed.
namespace dbnet::app {

/// An image of the data set and what became of it.
struct JudgedImage {
    const eval::Sample& sample;
    const eval::ImageResult& result;
    const std::vector<eval::DetectionError>& errors;
};

/// The image made small, with all outlines.
Image thumbnail(Image& image, const JudgedImage& judged);

/// The surroundings of an error, with all outlines; its own are filled.
Image close_up(Image& image, const JudgedImage& judged, const eval::DetectionError& error);

}  // namespace dbnet::app
