#include "cli/hints.hpp"

#include <algorithm>
#include <array>

namespace dbnet::cli {
namespace {

constexpr std::string_view kFiles = "files are named without an option: dbnet predict photo.jpg";
constexpr std::string_view kDevice = "detection runs on the CPU; only dbnet train takes --device";

struct OptionHint {
    std::string_view name;       ///< as typed
    std::string_view ours;       ///< the long name, if the command has it
    std::string_view otherwise;  ///< what is said if not; empty: nothing
};

constexpr std::array<OptionHint, 24> kOptions{{
    {"-o", "out", ""},
    {"--output", "out", ""},
    {"--output-dir", "out", ""},
    {"--save-dir", "out", ""},
    {"-i", "data", kFiles},
    {"--input", "data", kFiles},
    {"--image", "data", kFiles},
    {"--images", "data", kFiles},
    {"--source", "data", kFiles},
    {"-m", "model", ""},
    {"--weights", "model", ""},
    {"--checkpoint", "model", ""},
    {"--gt", "labels", ""},
    {"--annotations", "labels", ""},
    {"--imgsz", "size", ""},
    {"--img-size", "size", ""},
    {"--conf", "box-threshold", ""},
    {"-j", "threads", ""},
    {"--jobs", "threads", ""},
    {"--visualize", "save-image", ""},
    {"--device", "device", kDevice},
    {"--gpu", "device", kDevice},
    {"--cuda", "device", kDevice},
    {"--use-gpu", "device", kDevice},
}};

struct VerbHint {
    std::string_view verb;
    std::string_view ours;
};

constexpr std::array<VerbHint, 18> kVerbs{{
    {"detect", "predict"},
    {"infer", "predict"},
    {"inference", "predict"},
    {"ocr", "predict"},
    {"run", "predict"},
    {"eval", "val"},
    {"evaluate", "val"},
    {"validate", "val"},
    {"test", "val"},
    {"finetune", "train"},
    {"fine-tune", "train"},
    {"fit", "train"},
    {"convert", "export"},
    {"info", "model info"},
    {"parity", "model parity"},
    {"check", "data check"},
    {"synth", "data synth"},
    {"view", "data view"},
}};

}  // namespace

std::string option_hint(std::string_view name, const std::vector<std::string_view>& options) {
    const auto* hint = std::ranges::find(kOptions, name, &OptionHint::name);
    if (hint == kOptions.end()) return {};
    if (std::ranges::find(options, hint->ours) != options.end())
        return "did you mean --" + std::string(hint->ours) + "?";
    return std::string(hint->otherwise);
}

std::string_view verb_hint(std::string_view verb) {
    const auto* hint = std::ranges::find(kVerbs, verb, &VerbHint::verb);
    return hint == kVerbs.end() ? std::string_view() : hint->ours;
}

}  // namespace dbnet::cli
