#pragma once

#include <cstddef>
#include <functional>
#include <string>

#include "app/val.hpp"

namespace dbnet::app {

/// How write_report() talks to its caller, one call at a time.
struct ReportHooks {
    std::function<void(std::size_t done)> on_image;
    std::function<bool()> interrupted;  ///< true: finish the images in work, then stop
};

struct ReportOptions {
    std::string folder;
    int threads = 1;
    bool explained = false;  ///< the predictions are of a run with DetectOptions::explain
};

/// Writes `folder`/index.html, which needs no network, and its pictures: of each image the full
/// size (full/), a thumbnail (small/), and a close-up of each error (errors/), numbered in the
/// order of the names. Each error comes with the detector's reasons if the predictions have them;
/// else the page says so. An image that cannot be read is shown without pictures. False when
/// interrupted: no page then. Throws Error{io} for what cannot be written.
bool write_report(const data::Dataset& data, const Predictions& predictions,
                  const Validation& validation, const ReportOptions& options,
                  const ReportHooks& hooks);

}  // namespace dbnet::app
