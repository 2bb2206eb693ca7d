#pragma once

#include <functional>
#include <string>
#include <vector>

#include "data/dataset.hpp"
#include "train/graph_module.hpp"
#include "train/observer.hpp"

namespace dbnet::train {

/// Judges a module while it is trained: probability maps in f32, the detector's own preprocessing
/// and native post-processing, the protocol `icdar`, the box threshold with the best hmean.
class Validation {
public:
    /// Reads the annotations. Throws Error as data::Dataset and data::read_labels do.
    Validation(const ValidationOptions& options, const detect::InputSpec& input);

    std::size_t images() const noexcept { return images_.size(); }

    /// Fills in figures, box_threshold, images, seconds and pictures. An image that cannot be read
    /// counts as one in which nothing was found; `say` is told the first time. Throws
    /// Error{cancelled} when `interrupted` says so. The module is left in training mode.
    ValidationReport run(GraphModule& module, const std::string& probability,
                         const std::function<void(std::size_t done)>& progress,
                         const std::function<void(const std::string&)>& say,
                         const std::function<bool()>& interrupted);

private:
    struct Labelled {
        std::string path;
        std::vector<eval::Truth> truths;
        bool unreadable = false;
    };

    std::vector<eval::Finding> findings(GraphModule& module, const std::string& probability,
                                        const std::string& path) const;

    ValidationOptions options_;
    detect::InputSpec input_;
    std::vector<Labelled> images_;
};

}  // namespace dbnet::train
