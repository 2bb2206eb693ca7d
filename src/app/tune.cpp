// The sweep costs one post-processing per map for each binarisation threshold and unclip ratio. Box
// thresholds come for free: a region's score does not depend on them, so they only choose among
// the regions that the lowest one leaves.
#include "app/tune.hpp"

#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/parallel_for.h>
#include <oneapi/tbb/task_arena.h>

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <filesystem>
#include <mutex>

#include "app/detection_files.hpp"
#include "core/error.hpp"
#include "core/file.hpp"
#include "detect/settings.hpp"
#include "formats/document.hpp"
#include "image/encode.hpp"
#include "model/onnx.hpp"

namespace dbnet::app {
namespace {

namespace fs = std::filesystem;

/// FNV-1a of the model's bytes, so that maps of another model are never taken for this one's.
std::string fingerprint(const std::string& path) {
    std::uint64_t hash = 0xcbf29ce484222325;
    for (const std::uint8_t byte : core::read_file(path)) hash = (hash ^ byte) * 0x100000001b3;
    char text[17];
    std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(hash));
    return text;
}

ProbabilityMap read_map(const std::string& stem) {
    const image::Grey16 grey = image::decode_png16(core::read_file(stem + ".png"), stem + ".png");
    const std::string where = stem + ".json";
    const formats::Json json = formats::read_json(where);
    const auto size = [&](const char* key) {
        return formats::size(formats::member(json, key, where), where + ": " + key);
    };
    ProbabilityMap map{grey.width,
                       grey.height,
                       size("valid_width"),
                       size("valid_height"),
                       size("image_width"),
                       size("image_height"),
                       {}};
    for (const std::uint16_t value : grey.pixels)
        map.values.push_back(static_cast<float>(value) / 65535.f);
    return map;
}

class Tuning {
public:
    Tuning(const data::Dataset& data, const TuneOptions& options, const Progress& progress)
        : data_(data),
          options_(options),
          progress_(progress),
          graph_(model::read_onnx(options.model)),
          settings_(detect::settings_of(graph_.metadata, options.preset)) {
        if (options.size) settings_.size = *options.size;
        std::string rule = settings_.size.to_string();
        std::ranges::replace(rule, ':', '_');
        maps_ = options.folder + "/maps/" + rule + "-" + fingerprint(options.model);
        fs::create_directories(maps_);
    }

    std::vector<Trial> run() {
        compute_maps();
        std::vector<Trial> trials;
        for (const float threshold : options_.thresholds)
            for (const float unclip_ratio : options_.unclip_ratios)
                try_box_thresholds(threshold, unclip_ratio, trials);
        std::ranges::stable_sort(trials, std::ranges::greater{},
                                 [](const Trial& trial) { return trial.figures.hmean; });
        write_sweep(trials);
        write_model(trials.front());
        return trials;
    }

private:
    template <typename Work>
    void for_each_image(Work work) {
        oneapi::tbb::parallel_for(std::size_t{0}, data_.images().size(), [&](std::size_t i) {
            work(data_.images()[i].image, fs::path(data_.images()[i].image).stem().string());
        });
    }

    void compute_maps() {
        const Detector detector =
            Detector::open(options_.model, {options_.threads, options_.threads, options_.preset});
        DetectOptions detect;
        detect.size = settings_.size;
        detect.keep_map = true;
        const DetectOptions complete = detector.effective(detect);
        std::mutex mutex;
        std::size_t done = 0;
        for_each_image([&](const std::string& image, const std::string& name) {
            const std::string stem = maps_ + "/" + name;
            if (!fs::exists(stem + ".json"))
                write_map(stem, image, detector.detect(Image::read(image), detect).map,
                          detector.preset(), complete);
            const std::lock_guard lock(mutex);
            progress_(++done);
        });
    }

    void try_box_thresholds(float threshold, float unclip_ratio, std::vector<Trial>& trials) {
        detect::PostprocessOptions postprocess = settings_.postprocess;
        postprocess.preset = Preset::native;
        postprocess.threshold = threshold;
        postprocess.unclip = Unclip::ratio;
        postprocess.unclip_ratio = unclip_ratio;
        postprocess.box_threshold = std::ranges::min(options_.box_thresholds);
        Predictions predictions;
        std::mutex mutex;
        for_each_image([&](const std::string& image, const std::string& name) {
            const ProbabilityMap map = read_map(maps_ + "/" + name);
            Detection detection;
            detection.regions =
                detect::postprocess({map.values.data(), map.width, map.height, map.valid_width,
                                     map.valid_height, map.image_width, map.image_height},
                                    postprocess)
                    .regions;
            formats::Record record = to_record(image, detection, 0);
            const std::lock_guard lock(mutex);
            predictions.emplace(name, std::move(record));
        });
        const Validation validation =
            validate(data_, predictions, {options_.protocol, options_.shape});
        for (const float box_threshold : options_.box_thresholds)
            trials.push_back({threshold, box_threshold, unclip_ratio,
                              validation.evaluation.totals(box_threshold).figures()});
    }

    void write_sweep(const std::vector<Trial>& trials) const {
        std::string csv = "threshold,box_threshold,unclip_ratio,precision,recall,hmean\n";
        for (const Trial& trial : trials)
            csv += core::concat(trial.threshold, ",", trial.box_threshold, ",", trial.unclip_ratio,
                                ",", trial.figures.precision, ",", trial.figures.recall, ",",
                                trial.figures.hmean, "\n");
        core::write_file(options_.folder + "/sweep.csv", csv);
    }

    /// With any key of ours in it a model is run natively, so that all of them are written.
    void write_model(const Trial& best) {
        const auto triple = [](const std::array<float, 3>& values) {
            return core::concat(values[0], ",", values[1], ",", values[2]);
        };
        const detect::InputSpec& input = settings_.input;
        const std::map<std::string, std::string> values{
            {"color_order", input.order == detect::ChannelOrder::bgr ? "BGR" : "RGB"},
            {"mean", triple(input.mean)},
            {"std", triple(input.std)},
            {"size", settings_.size.to_string()},
            {"threshold", core::concat(best.threshold)},
            {"box_threshold", core::concat(best.box_threshold)},
            {"unclip", "ratio"},
            {"unclip_ratio", core::concat(best.unclip_ratio)},
            {"min_size", core::concat(settings_.postprocess.min_size)}};
        for (const auto& [key, value] : values) graph_.metadata["dbnet." + key] = value;
        model::write_onnx(graph_, options_.folder + "/model.onnx");
    }

    const data::Dataset& data_;
    const TuneOptions& options_;
    const Progress& progress_;
    model::Graph graph_;
    detect::ModelSettings settings_;
    std::string maps_;
};

}  // namespace

std::vector<Trial> tune(const data::Dataset& data, const TuneOptions& options,
                        const Progress& progress) {
    namespace tbb = oneapi::tbb;
    const tbb::global_control limit(tbb::global_control::max_allowed_parallelism,
                                    static_cast<std::size_t>(options.threads) + 1);
    tbb::task_arena arena(options.threads);
    return arena.execute([&] { return Tuning(data, options, progress).run(); });
}

bool looks_like_test_set(const data::DatasetSpec& spec) {
    std::string path = spec.images;
    std::ranges::transform(path, path.begin(),
                           [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return path.find("test") != std::string::npos;
}

}  // namespace dbnet::app
