#include "train/model_metadata.hpp"

#include <cstdio>
#include <string>

#include <dbnet/version.hpp>

#include "core/error.hpp"

namespace dbnet::train {
namespace {

/// The shortest text that reads back as the same number.
std::string text_of(double value) {
    char text[32];
    for (int digits = 1; digits <= 9; ++digits) {
        std::snprintf(text, sizeof text, "%.*g", digits, value);
        if (static_cast<float>(std::strtod(text, nullptr)) == static_cast<float>(value)) break;
    }
    return text;
}

std::string text_of(const std::array<float, 3>& values) {
    return core::concat(text_of(values[0]), ',', text_of(values[1]), ',', text_of(values[2]));
}

std::string sentence(const TrainOptions& options, const TrainedSoFar& trained) {
    std::string text = core::concat(
        "dbnet ", version(), ", ", trained.step, " steps, ", trained.samples, " samples of ",
        options.sample.augment.size.width, 'x', options.sample.augment.size.height);
    if (trained.hmean >= 0)
        text += core::concat(", validation hmean ", text_of(std::round(trained.hmean * 1e4) / 1e4));
    return text;
}

}  // namespace

void describe(model::Graph& graph, const TrainOptions& options, const TrainedSoFar& trained) {
    const auto set = [&](const char* key, std::string value) {
        graph.metadata[std::string("dbnet.") + key] = std::move(value);
    };
    set("color_order", options.input.order == detect::ChannelOrder::rgb ? "RGB" : "BGR");
    set("mean", text_of(options.input.mean));
    set("std", text_of(options.input.std));
    set("size", options.validation.size.to_string());
    set("threshold", text_of(static_cast<double>(options.validation.threshold)));
    set("box_threshold", text_of(trained.box_threshold));
    set("unclip_ratio", text_of(static_cast<double>(options.validation.unclip_ratio)));
    set("shrink_ratio", text_of(options.sample.targets.shrink_ratio));
    set("training", sentence(options, trained));
}

}  // namespace dbnet::train
