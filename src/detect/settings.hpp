#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include <dbnet/detector.hpp>

#include "detect/postprocess.hpp"
#include "detect/preprocess.hpp"

// What a model wants before and after it, from its metadata or from a preset. Keys of the metadata:
// docs/model-metadata.md.
namespace dbnet::detect {

using Metadata = std::map<std::string, std::string>;

/// Everything around the network that belongs to the model rather than to a call.
struct ModelSettings {
    Preset preset = Preset::native;
    InputSpec input;
    SizeRule size;
    PostprocessOptions postprocess;           ///< for Outline::quad
    PostprocessOptions postprocess_polygons;  ///< for Outline::polygon; natively the same
    std::optional<bool> logits;               ///< whether the network leaves the sigmoid to others
    std::vector<std::string> warnings;        ///< for the user, once per model
};

/// The settings of a model. `preset` empty: the metadata's; without one native if the metadata
/// describes the network's input (colour order, mean and std), otherwise paddle with a warning.
/// Every key of the metadata counts, and says nothing but what it is about; after a given preset
/// other than native only those about the input do. Throws Error{malformed}, naming the key, for a
/// value that cannot be understood.
ModelSettings settings_of(const Metadata& metadata, std::optional<Preset> preset);

/// The settings of one call: `options` over those of the model. Throws Error{invalid_argument},
/// naming the option and its range.
PostprocessOptions merge(const ModelSettings& settings, const DetectOptions& options);

}  // namespace dbnet::detect
