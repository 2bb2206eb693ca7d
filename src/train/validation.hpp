#pragma once

#include <functional>
#include <string>
#include <vector>

#include "data/dataset.hpp"
#include "train/graph_module.hpp"
#include "train/observer.hpp"

namespace dbnet::train {

/// Judges a module while it is trained: probability maps in f32, the detector's own preprocessing
/// and native post-processing, the protocol `icdar`, the box threshold with the best hmean; and the
/// loss of the probability maps, which goes on telling weights apart where the hmean does not.
class Validation {
public:
    /// Reads the annotations. Throws Error as data::Dataset and data::read_labels do.
    explicit Validation(const TrainOptions& options);

    std::size_t images() const noexcept { return images_.size(); }

    /// Fills in everything but `at` and is_best. An image that cannot be read
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

    /// What the network says of an image.
    struct Answer {
        std::vector<eval::Finding> findings;
        double loss = 0;
    };

    Answer answer(GraphModule& module, const std::string& probability, const Labelled& image) const;
    double loss(const torch::Tensor& map, const detect::InputGeometry& geometry,
                const std::vector<eval::Truth>& truths) const;

    ValidationOptions options_;
    detect::InputSpec input_;
    data::TargetOptions targets_;
    LossOptions losses_;
    std::vector<Labelled> images_;
};

}  // namespace dbnet::train
