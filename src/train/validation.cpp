#include "train/validation.hpp"

#include <algorithm>

#include <dbnet/error.hpp>

#include "core/error.hpp"
#include "core/timer.hpp"
#include "data/targets.hpp"
#include "detect/postprocess.hpp"
#include "train/losses.hpp"

namespace dbnet::train {
namespace {

using torch::Tensor;

constexpr std::size_t kPictures = 8;
/// Scores below this are of no use to any threshold that would be chosen.
constexpr float kLowestScore = 0.2f;
constexpr int kThresholdSteps = 50;
constexpr std::int64_t kMostPixels = 4'000'000;

/// The middle of the first run of points with the best hmean: thresholds that look equally good
/// are safest away from where it falls.
eval::CurvePoint best_point(const std::vector<eval::CurvePoint>& curve) {
    const auto worse = [](const eval::CurvePoint& a, const eval::CurvePoint& b) {
        return a.figures.hmean < b.figures.hmean;
    };
    const auto usable = std::ranges::find_if(
        curve, [](const eval::CurvePoint& point) { return point.min_score >= kLowestScore; });
    const auto first = std::max_element(usable, curve.end(), worse);
    const auto last = std::find_if(
        first, curve.end(), [&](const eval::CurvePoint& point) { return worse(point, *first); });
    return first[(last - first - 1) / 2];
}

/// Evaluation mode and f32, for as long as it lives.
class Evaluating {
public:
    explicit Evaluating(GraphModule& module) : module_(module), precision_(module.precision()) {
        module_.eval();
        module_.set_precision(Precision::f32);
    }
    ~Evaluating() {
        module_.set_precision(precision_);
        module_.train();
    }
    Evaluating(const Evaluating&) = delete;
    Evaluating& operator=(const Evaluating&) = delete;

private:
    GraphModule& module_;
    Precision precision_;
};

/// A holdout may be empty: one in four of three images.
bool holds_nothing_back(const data::DatasetSpec& spec) {
    if (spec.split != data::Split::holdout) return false;
    const data::Listing listing = data::list_images(spec);
    return listing.images.empty() && listing.problems.empty();
}

}  // namespace

Validation::Validation(const TrainOptions& options)
    : options_(options.validation),
      input_(options.input),
      targets_(options.sample.targets),
      losses_(options.loss) {
    for (const data::DatasetSpec& given : options_.data) {
        const data::DatasetSpec spec = data::recognised(given, [](const std::string&) {});
        if (holds_nothing_back(spec)) continue;
        const data::Dataset dataset(spec);
        for (const data::LabelledImage& image : dataset.images()) {
            Labelled& labelled = images_.emplace_back();
            labelled.path = image.image;
            for (formats::RecordRegion& region : data::read_labels(spec, image))
                labelled.truths.push_back({std::move(region.polygon), region.ignore});
        }
    }
}

Validation::Answer Validation::answer(GraphModule& module, const std::string& probability,
                                      const Labelled& labelled) const {
    const Image image = Image::read(labelled.path);
    const detect::InputGeometry geometry =
        detect::plan_input(image.width(), image.height(), options_.size, kMostPixels);
    Tensor input = torch::empty({1, 3, geometry.height, geometry.width});
    detect::preprocess(image, geometry, {0, 0, geometry.width, geometry.height}, input_,
                       {input.data_ptr<float>(), static_cast<std::size_t>(input.numel())});
    const torch::Device device = module.weights().begin()->second.device();
    const Tensor map =
        module.values(input.to(device), {probability}).front().to(torch::kCPU).contiguous();

    detect::PostprocessOptions settings;
    settings.threshold = options_.threshold;
    settings.unclip_ratio = options_.unclip_ratio;
    settings.box_threshold = kLowestScore;
    const detect::MapView view{
        map.data_ptr<float>(), static_cast<int>(map.size(3)), static_cast<int>(map.size(2)),
        geometry.valid_width,  geometry.valid_height,         image.width(),
        image.height()};
    Answer answer{{}, loss(map, geometry, labelled.truths)};
    for (const Region& region : detect::postprocess(view, settings).regions)
        answer.findings.push_back({Polygon(region.quad.begin(), region.quad.end()), region.score});
    return answer;
}

/// As in training, of the whole image at the network's size.
double Validation::loss(const Tensor& map, const detect::InputGeometry& geometry,
                        const std::vector<eval::Truth>& truths) const {
    const auto scale = [](std::int64_t map_side, int input_side, int valid, int image) {
        return static_cast<double>(map_side) / input_side * valid / image;
    };
    const double x = scale(map.size(3), geometry.width, geometry.valid_width, geometry.image_width);
    const double y =
        scale(map.size(2), geometry.height, geometry.valid_height, geometry.image_height);
    std::vector<data::TextLabel> labels;
    for (const eval::Truth& truth : truths) {
        data::TextLabel& label = labels.emplace_back(truth.polygon, truth.ignore);
        for (Point& point : label.polygon) point = {point.x * x, point.y * y};
    }
    data::TargetMaps maps = data::make_targets(static_cast<int>(map.size(3)),
                                               static_cast<int>(map.size(2)), labels, targets_);
    const auto tensor = [&](std::vector<std::uint8_t>& values) {
        return torch::from_blob(values.data(), map.sizes(), torch::kUInt8).to(torch::kFloat32);
    };
    const LossTargets targets{tensor(maps.probability), tensor(maps.probability_mask), {}, {}};
    return losses_of_maps(map, {}, {}, targets, losses_).probability.item<double>();
}

ValidationReport Validation::run(GraphModule& module, const std::string& probability,
                                 const std::function<void(std::size_t done)>& progress,
                                 const std::function<void(const std::string&)>& say,
                                 const std::function<bool()>& interrupted) {
    const torch::NoGradGuard no_gradient;
    const Evaluating evaluating(module);
    const core::Timer timer;
    std::vector<eval::Sample> samples;
    double losses = 0;
    std::size_t readable = 0;
    for (Labelled& image : images_) {
        if (interrupted()) core::fail(ErrorCode::cancelled, "validation was interrupted");
        // Images of several data sets may have the same name.
        eval::Sample& sample = samples.emplace_back(core::concat(samples.size()), image.truths,
                                                    std::vector<eval::Finding>());
        try {
            Answer said = answer(module, probability, image);
            sample.findings = std::move(said.findings);
            losses += said.loss;
            ++readable;
        } catch (const Error& error) {
            if (!std::exchange(image.unreadable, true)) say(error.what());
        }
        progress(samples.size());
    }
    const eval::Evaluation evaluation(samples, eval::protocol_named("icdar"));
    const eval::CurvePoint best = best_point(evaluation.curve(kThresholdSteps));

    ValidationReport report;
    report.figures = best.figures;
    report.box_threshold = best.min_score;
    report.hmean_95 = eval::confidence(evaluation.results(best.min_score)).hmean;
    report.loss = losses / static_cast<double>(readable);
    report.images = images_.size();
    report.seconds = timer.seconds();
    for (std::size_t i = 0; i < std::min(kPictures, images_.size()); ++i) {
        ValidatedImage& picture = report.pictures.emplace_back();
        picture.path = images_[i].path;
        picture.truths = images_[i].truths;
        std::ranges::copy_if(
            samples[i].findings, std::back_inserter(picture.findings),
            [&](const eval::Finding& finding) { return finding.score >= best.min_score; });
    }
    return report;
}

}  // namespace dbnet::train
