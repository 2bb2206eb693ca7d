#include <dbnet/detector.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include <dbnet/error.hpp>

#include "core/file.hpp"
#include "geometry/overlap.hpp"
#include "model/onnx.hpp"
#include "support/scene.hpp"
#include "support/temp_dir.hpp"
#include "support/threads.hpp"
#include "support/tiny_model.hpp"

namespace dbnet {
namespace {

using test::Scene;
using test::TempDir;
using testing::AllOf;
using testing::HasSubstr;

/// The tiny model in a file, written once for all tests.
const std::string& model_path() {
    static const TempDir folder;
    static const std::string path = [] {
        const std::string file = folder / "tiny.onnx";
        model::write_onnx(test::tiny_model(), file);
        return file;
    }();
    return path;
}

Detector open(int threads = 1, int lanes = 1) {
    DetectorOptions options;
    options.threads = test::team_size(threads / lanes) * lanes;
    options.lanes = lanes;
    return Detector::open(model_path(), options);
}

std::string error_of(const auto& action, ErrorCode code) {
    try {
        action();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), code) << error.what();
        return error.what();
    }
    return "nothing was thrown";
}

/// The tiny model marks boxes as they are, not shrunk, so they must not be grown back.
DetectOptions as_they_are() {
    DetectOptions options;
    options.unclip_ratio = 0.01f;
    return options;
}

Polygon outline(const Rect& box) {
    return {{box.x, box.y},
            {box.x + box.width, box.y},
            {box.x + box.width, box.y + box.height},
            {box.x, box.y + box.height}};
}

/// Every box is found by a region of its own, and there are no others.
void expect_found(const Scene& scene, const Detection& detection, double least_iou) {
    EXPECT_EQ(detection.regions.size(), scene.boxes.size());
    for (const Rect& box : scene.boxes) {
        double best = 0;
        for (const Region& region : detection)
            best = std::max(best, geometry::iou(outline(box), region.polygon));
        EXPECT_GT(best, least_iou) << box.x << ' ' << box.y;
    }
}

int threads_of_process() {
    const std::filesystem::directory_iterator tasks("/proc/self/task");
    return static_cast<int>(std::distance(begin(tasks), end(tasks)));
}

TEST(Detector, FindsWhatIsThere) {
    const Scene scene = test::make_scene(640, 480, 8, 1);
    const Detection detection = open().detect(scene.image, as_they_are());
    expect_found(scene, detection, 0.7);
    EXPECT_EQ(detection.image_width, 640);
    EXPECT_GT(detection.timing.forward, 0);
    for (const Region& region : detection) {
        EXPECT_GE(region.score, 0.6f);
        EXPECT_GT(geometry::iou(region.polygon, region.quad), 0.8);
    }
}

TEST(Detector, AnyPixelFormatGivesTheSame) {
    const Scene scene = test::make_scene(320, 256, 4, 2);
    const Detector detector = open();
    const Detection expected = detector.detect(scene.image);
    std::vector<std::uint8_t> bgra(320 * 256 * 4);
    for (int y = 0; y < 256; ++y)
        for (int x = 0; x < 320; ++x)
            for (int c = 0; c < 3; ++c)
                bgra[static_cast<std::size_t>(((255 - y) * 320 + x) * 4 + c)] =
                    scene.image.row(y)[3 * x + 2 - c];
    const ImageView bottom_up{bgra.data() + 255 * 320 * 4, 320, 256, -320 * 4, PixelFormat::bgra8};
    EXPECT_EQ(detector.detect(bottom_up).regions, expected.regions);
}

TEST(Detector, SixtyFourThreadsGetWhatOneGets) {
    constexpr int kCallers = 64;
    std::vector<Scene> scenes;
    for (unsigned i = 0; i < 8; ++i)
        scenes.push_back(test::make_scene(160 + 32 * static_cast<int>(i), 192, 3, i));
    const Detector detector = open(4, 2);
    std::vector<Detection> expected;
    for (const Scene& scene : scenes) expected.push_back(detector.detect(scene.image));
    const int before = threads_of_process();
    std::atomic<int> wrong{0};
    std::atomic<int> most{0};
    {
        std::vector<std::jthread> callers;
        for (int caller = 0; caller < kCallers; ++caller)
            callers.emplace_back([&, caller] {
                for (int i = 0; i < 6; ++i) {
                    const auto which = static_cast<std::size_t>(caller + i) % scenes.size();
                    wrong +=
                        detector.detect(scenes[which].image).regions != expected[which].regions;
                }
                most = std::max(most.load(), threads_of_process());
            });
    }
    EXPECT_EQ(wrong, 0);
    EXPECT_LE(most, before + kCallers + 4) << "callers must not bring OpenMP teams of their own";
}

TEST(Detector, BatchesEqualSingleImages) {
    std::vector<Scene> scenes;
    for (unsigned i = 0; i < 5; ++i)
        scenes.push_back(test::make_scene(256, 160 + 32 * static_cast<int>(i), 3, i));
    const Detector detector = open(2, 2);
    std::vector<ImageView> images;
    for (const Scene& scene : scenes) images.push_back(scene.image);
    const std::vector<Detection> batch = detector.detect(images);
    ASSERT_EQ(batch.size(), images.size());
    for (std::size_t i = 0; i < images.size(); ++i)
        EXPECT_EQ(batch[i].regions, detector.detect(images[i]).regions);
    EXPECT_TRUE(detector.detect(std::span<const ImageView>()).empty());
}

TEST(Detector, StopsWhenAsked) {
    const Scene scene = test::make_scene(320, 256, 4, 3);
    const Detector detector = open();
    std::stop_source source;
    source.request_stop();
    error_of([&] { detector.detect(scene.image, {}, source.get_token()); }, ErrorCode::cancelled);
    EXPECT_EQ(detector.detect(scene.image).regions.size(), 4u) << "the detector must survive";
}

TEST(Detector, LargeImagesAreScaledDownOrTiled) {
    const Scene scene = test::make_scene(2560, 1920, 30, 4);
    const Detector detector = open();
    DetectOptions options = as_they_are();
    options.size = SizeRule::parse("1920");
    const Detection whole = detector.detect(scene.image, [&] {
        DetectOptions all = options;
        all.max_input_pixels = 6'000'000;
        return all;
    }());
    EXPECT_TRUE(whole.warnings.empty());
    expect_found(scene, whole, 0.6);

    options.max_input_pixels = 600'000;
    const Detection small = detector.detect(scene.image, options);
    ASSERT_EQ(small.warnings.size(), 1u);
    EXPECT_THAT(small.warnings[0], HasSubstr("scaled down"));

    options.tile = true;
    options.keep_map = true;
    const Detection tiled = detector.detect(scene.image, options);
    EXPECT_TRUE(tiled.warnings.empty());
    EXPECT_EQ(tiled.map.width, 2560);
    expect_found(scene, tiled, 0.6);
    EXPECT_EQ(tiled.regions.size(), whole.regions.size());
}

TEST(Detector, TilesAreOfTheImagesOwnResolutionUnderEveryPresetAndSize) {
    const Scene scene = test::make_scene(1500, 1010, 12, 14);
    for (const Preset preset : {Preset::native, Preset::mhliao, Preset::mmocr, Preset::paddle}) {
        DetectorOptions one;
        one.threads = 1;
        one.preset = preset;
        const Detector detector = Detector::open(model_path(), one);
        for (const char* size : {"", "320", "max:400", "320x320", "4000"}) {
            SCOPED_TRACE(testing::Message() << to_string(preset) << " " << size);
            DetectOptions options;
            if (*size != '\0') options.size = SizeRule::parse(size);
            options.tile = options.keep_map = true;
            options.max_input_pixels = 300'000;
            const Detection detection = detector.detect(scene.image, options);
            EXPECT_EQ(detection.input_width, 1500);
            EXPECT_EQ(detection.input_height, 1010);
            EXPECT_EQ(detection.map.valid_width, 1500);
            EXPECT_EQ(detection.regions.size(), scene.boxes.size());
            EXPECT_TRUE(detection.warnings.empty());
        }
    }
}

TEST(Detector, SaysWhereTextMayBeLost) {
    const Detector detector = open();
    const Scene scene = test::make_scene(2000, 400, 9, 15);
    DetectOptions options;
    options.size = SizeRule::parse("max:480");
    const Detection small = detector.detect(scene.image, options);
    ASSERT_EQ(small.warnings.size(), 1u);
    EXPECT_THAT(small.warnings[0], HasSubstr("scaled down 4.2 times"));
    EXPECT_THAT(small.warnings[0], HasSubstr("tile"));
    EXPECT_EQ(small.input_width, 480);
    options = {};
    options.max_candidates = 5;
    const Detection few = detector.detect(scene.image, options);
    EXPECT_EQ(few.regions.size(), 5u);
    ASSERT_EQ(few.warnings.size(), 1u);
    EXPECT_THAT(few.warnings[0], HasSubstr("4 candidates more than the limit of 5"));
    EXPECT_THAT(few.warnings[0], HasSubstr("max-candidates"));
}

TEST(Detector, ExtremeImagesStayWithinTheLimit) {
    const Detector detector = open();
    DetectOptions options;
    options.keep_map = true;
    for (const auto& [width, height] : {std::pair{1, 20'000}, {20'000, 1}, {1, 1}, {3, 5}}) {
        const Detection detection = detector.detect(Image(width, height), options);
        EXPECT_LE(static_cast<std::int64_t>(detection.map.width) * detection.map.height,
                  options.max_input_pixels);
        EXPECT_LT(detector.memory().arenas, 1'000'000'000u);
    }
}

TEST(Detector, KeepsTheMapAndTheReasonsOnRequest) {
    Scene scene = test::make_scene(320, 256, 4, 5);
    test::paint(scene.image, {300, 240, 4, 4}, 255);  // too small to be text
    const Detector detector = open();
    const Detection plain = detector.detect(scene.image);
    EXPECT_TRUE(plain.map.values.empty());
    EXPECT_TRUE(plain.candidates.empty());
    DetectOptions options;
    options.keep_map = options.explain = true;
    const Detection detection = detector.detect(scene.image, options);
    EXPECT_EQ(detection.regions, plain.regions);
    EXPECT_EQ(detection.map.values.size(),
              static_cast<std::size_t>(detection.map.width) * detection.map.height);
    const auto accepted =
        std::count_if(detection.candidates.begin(), detection.candidates.end(),
                      [](const Candidate& c) { return c.verdict == Verdict::accepted; });
    EXPECT_EQ(static_cast<std::size_t>(accepted), plain.regions.size());
    options.box_threshold = 1.0f;
    const Detection none = detector.detect(scene.image, options);
    EXPECT_TRUE(none.regions.empty());
    EXPECT_TRUE(std::all_of(none.candidates.begin(), none.candidates.end(),
                            [](const Candidate& c) { return !c.reason.empty(); }));
}

TEST(Detector, MemoryIsBoundedAndGivenBack) {
    DetectorOptions options;
    options.threads = 1;
    options.plan_cache = 4;
    Detector detector = Detector::open(model_path(), options);
    std::size_t most = 0;
    for (int i = 0; i < 40; ++i) {
        detector.detect(Image(96 + 32 * (i % 20), 320));
        most = std::max(most, detector.memory().plans);
    }
    EXPECT_GT(detector.memory().weights, 0u);
    const MemoryUsage before = detector.memory();
    EXPECT_LE(before.plans, most);
    detector.trim();
    EXPECT_LT(detector.memory().total(), before.total());
    EXPECT_FALSE(detector.detect(test::make_scene(320, 256, 4, 6).image).regions.empty());
}

TEST(Detector, MemoryLimitBoundsWhatIsHeld) {
    DetectorOptions options;
    options.threads = options.lanes = 2;
    const std::size_t weights = Detector::open(model_path(), options).memory().weights;
    options.memory_limit = weights + 2'000'000;
    const Detector detector = Detector::open(model_path(), options);
    for (int i = 0; i < 10; ++i) {
        const Scene scene = test::make_scene(900, 200 + 32 * i, 4, 20 + static_cast<unsigned>(i));
        const std::vector<ImageView> images(4, scene.image);
        for (const Detection& detection : detector.detect(images))
            EXPECT_EQ(detection.regions.size(), scene.boxes.size());
        EXPECT_LE(detector.memory().total(), options.memory_limit);
    }
    options.memory_limit = weights;
    EXPECT_THAT(error_of([&] { Detector::open(model_path(), options); },
                         ErrorCode::invalid_argument),
                HasSubstr("memory_limit"));
}

/// What a child of fork() gets from a detector of its parent; then it opens one of its own.
void use_in_child(Detector& detector, const Scene& scene) {
    error_of([&] { detector.detect(scene.image); }, ErrorCode::unsupported);
    error_of([&] { detector.memory(); }, ErrorCode::unsupported);
    error_of([&] { detector.trim(); }, ErrorCode::unsupported);
    { const Detector closed = std::move(detector); }
    const bool works = open(2, 2).detect(scene.image).regions.size() == scene.boxes.size();
    ::_exit(works && !testing::Test::HasFailure() ? 7 : 1);
}

TEST(Detector, AfterForkIsRefusedAndClosesAtOnce) {
    const Scene scene = test::make_scene(320, 256, 4, 9);
    Detector detector = open(4, 2);
    detector.detect(scene.image);
    EXPECT_EXIT(use_in_child(detector, scene), testing::ExitedWithCode(7), "");
    EXPECT_EQ(detector.detect(scene.image).regions.size(), scene.boxes.size());
}

TEST(Detector, RefusesBadArguments) {
    const Detector detector = open();
    const Image image(64, 64);
    error_of([&] { detector.detect(ImageView{}); }, ErrorCode::invalid_argument);
    error_of(
        [&] {
            detector.detect(ImageView{image.row(0), 64, 64, 10, PixelFormat::rgb8});
        },
        ErrorCode::invalid_argument);
    DetectOptions options;
    options.max_input_pixels = 5;
    EXPECT_THAT(error_of([&] { detector.detect(image, options); }, ErrorCode::invalid_argument),
                HasSubstr("max_input_pixels"));
    options = {};
    options.threshold = 2;
    error_of([&] { detector.detect(image, options); }, ErrorCode::invalid_argument);
    DetectorOptions negative;
    negative.lanes = -1;
    error_of([&] { Detector::open(model_path(), negative); }, ErrorCode::invalid_argument);
    error_of([] { Detector::open("missing.onnx"); }, ErrorCode::io);
}

TEST(Detector, RefusesModelsThatAreNoDetectors) {
    const TempDir folder;
    DetectorOptions one;
    one.threads = 1;
    const auto refused = [&](auto change) {
        model::Graph graph = test::tiny_model();
        change(graph);
        model::write_onnx(graph, folder / "m.onnx");
        return error_of([&] { Detector::open(folder / "m.onnx", one).detect(Image(64, 64)); },
                        ErrorCode::unsupported);
    };
    EXPECT_THAT(refused([](model::Graph& g) {
                    g.inputs[0].dims = {2, 3, -1, -1};
                }),
                HasSubstr("[N, 3, H, W]"));
    EXPECT_THAT(refused([](model::Graph& g) {
                    g.inputs.push_back({"more", model::DataType::f32, {1}});
                }),
                HasSubstr("2 inputs"));
    EXPECT_THAT(refused([](model::Graph& g) {
                    g.add(model::Op::GlobalAveragePool, "pooled", {g.outputs[0].name});
                    g.outputs = {{"pooled", model::DataType::f32, {-1, 1, 1, 1}}};
                }),
                HasSubstr("probability map"));
}

// Recognisers and classifiers are known by their output, whether or not their operators are.
TEST(Detector, TellsOtherKindsOfModelsApart) {
    const TempDir folder;
    const std::string path = folder / "m.onnx";
    const auto message = [&] {
        return error_of([&] { Detector::open(path, {1}); }, ErrorCode::unsupported);
    };
    model::Graph recogniser = test::tiny_model();
    recogniser.parameters["axes"] = model::Tensor::of({1}, std::vector<std::int64_t>{2});
    recogniser.add(model::Op::ReduceMean, "rows", {recogniser.outputs[0].name, "axes"},
                   {{"keepdims", std::int64_t{0}}});
    recogniser.outputs = {{"rows", model::DataType::f32, {-1, 1, 97}}};
    model::Graph classifier = test::tiny_model();
    classifier.add(model::Op::Flatten, "flat", {classifier.outputs[0].name});
    classifier.outputs = {{"flat", model::DataType::f32, {-1, 2}}};
    for (const auto& [graph, kind] :
         {std::pair{&recogniser, "text recognisers"}, std::pair{&classifier, "classifiers"}}) {
        model::write_onnx(*graph, path);
        EXPECT_THAT(message(), AllOf(HasSubstr("is no text detector"), HasSubstr(kind)));
        std::vector<std::uint8_t> bytes = core::read_file(path);
        const std::string_view known = "Sigmoid";
        const auto found = std::ranges::search(bytes, known);
        ASSERT_FALSE(found.empty());
        found.back() = 'x';
        core::write_file(path, bytes);
        EXPECT_THAT(message(), AllOf(HasSubstr("is no text detector"), HasSubstr(kind)));
    }
    // An operator that is not known stays one where the output is that of a detector.
    model::write_onnx(test::tiny_model(), path);
    std::vector<std::uint8_t> bytes = core::read_file(path);
    std::ranges::search(bytes, std::string_view("Sigmoid")).back() = 'x';
    core::write_file(path, bytes);
    EXPECT_THAT(message(), HasSubstr("Sigmoix"));
}

TEST(Detector, FixedInputSizesAreObeyed) {
    const TempDir folder;
    model::Graph graph = test::tiny_model();
    graph.inputs[0].dims = {1, 3, 256, 320};
    model::write_onnx(graph, folder / "fixed.onnx");
    DetectorOptions one;
    one.threads = 1;
    const Detector detector = Detector::open(folder / "fixed.onnx", one);
    const Scene scene = test::make_scene(640, 512, 6, 7);
    DetectOptions options = as_they_are();
    options.keep_map = true;
    const Detection detection = detector.detect(scene.image, options);
    EXPECT_EQ(detection.map.width, 320);
    EXPECT_EQ(detection.map.height, 256);
    expect_found(scene, detection, 0.5);
    options.size = SizeRule::parse("640");
    EXPECT_THAT(
        error_of([&] { detector.detect(scene.image, options); }, ErrorCode::invalid_argument),
        HasSubstr("256x320"));
    options.tile = true;
    const Detection tiled = detector.detect(scene.image, options);
    EXPECT_EQ(tiled.map.valid_width, 640);
    expect_found(scene, tiled, 0.6);
}

/// What a detector finds in a scene after a change of the tiny model's graph.
class Variant {
public:
    explicit Variant(const auto& change) {
        model::Graph graph = test::tiny_model();
        change(graph);
        model::write_onnx(graph, folder_ / "variant.onnx");
    }

    Detection detect(const Scene& scene, const DetectOptions& options = as_they_are(),
                     const std::string& output = {}) const {
        DetectorOptions one;
        one.threads = 1;
        one.output = output;
        return Detector::open(folder_ / "variant.onnx", one).detect(scene.image, options);
    }

private:
    TempDir folder_;
};

TEST(Detector, AFixedSizeMayBeAskedForAndIsBounded) {
    const Variant fixed([](model::Graph& graph) { graph.inputs[0].dims = {1, 3, 256, 320}; });
    const Scene scene = test::make_scene(640, 512, 6, 7);
    DetectOptions options = as_they_are();
    options.size = SizeRule::parse("256x320");
    EXPECT_EQ(fixed.detect(scene, options).regions, fixed.detect(scene).regions);
    const Variant huge([](model::Graph& graph) { graph.inputs[0].dims = {1, 3, 20000, 20000}; });
    EXPECT_THAT(error_of([&] { huge.detect(scene); }, ErrorCode::too_large),
                HasSubstr("20000x20000"));
}

TEST(Detector, OneSideOfTheInputMayBeFixed) {
    const Scene scene = test::make_scene(640, 480, 6, 8);
    DetectOptions options = as_they_are();
    options.keep_map = true;
    const Variant height([](model::Graph& graph) { graph.inputs[0].dims = {1, 3, 240, -1}; });
    const Detection wide = height.detect(scene, options);
    EXPECT_EQ(wide.map.width, 320);
    EXPECT_EQ(wide.map.height, 240);
    expect_found(scene, wide, 0.5);
    const Variant width([](model::Graph& graph) { graph.inputs[0].dims = {1, 3, -1, 640}; });
    EXPECT_EQ(width.detect(scene, options).map.height, 480);
    options.size = SizeRule::parse("736");
    EXPECT_THAT(error_of([&] { height.detect(scene, options); }, ErrorCode::invalid_argument),
                HasSubstr("240x?"));
}

TEST(Detector, OutputsWithoutTheSigmoidAreRecognised) {
    const Scene scene = test::make_scene(320, 256, 4, 9);
    const Variant whole([](model::Graph&) {});
    const auto cut = [](model::Graph& graph) {
        graph.outputs[0].name = graph.nodes.back().inputs[0];
        graph.nodes.pop_back();
    };
    const Detection expected = whole.detect(scene);
    const Detection guessed = Variant(cut).detect(scene);
    ASSERT_EQ(guessed.regions.size(), expected.regions.size());
    for (std::size_t i = 0; i < expected.regions.size(); ++i)
        EXPECT_NEAR(guessed.regions[i].score, expected.regions[i].score, 1e-4);
    EXPECT_THAT(guessed.warnings, testing::ElementsAre(HasSubstr("sigmoid")));
    const Variant said([&](model::Graph& graph) {
        cut(graph);
        graph.metadata["dbnet.output_activation"] = "sigmoid";
    });
    EXPECT_TRUE(said.detect(scene).warnings.empty());
}

TEST(Detector, ImagesMayGoInAsBytesWithTheChannelsLast) {
    const Scene scene = test::make_scene(320, 256, 4, 10);
    const Variant plain([](model::Graph&) {});
    // The same network for pixels [N, H, W, 3]: it normalises them by itself.
    const Variant bytes([](model::Graph& graph) {
        using model::Op;
        using model::Tensor;
        graph.inputs[0] = {"pixels", model::DataType::u8, {1, -1, -1, 3}};
        const std::vector<float> mean = {123.675f, 116.28f, 103.53f};
        const std::vector<float> deviation = {58.395f, 57.12f, 57.375f};
        graph.parameters["mean"] = Tensor::of({3}, mean);
        graph.parameters["deviation"] = Tensor::of({3}, deviation);
        const std::vector<model::Node> network = std::move(graph.nodes);
        graph.nodes.clear();
        graph.add(Op::Cast, "number", {"pixels"}, {{"to", std::int64_t{1}}});
        graph.add(Op::Sub, "centred", {"number", "mean"});
        graph.add(Op::Div, "scaled", {"centred", "deviation"});
        graph.add(Op::Transpose, "image", {"scaled"}, {{"perm", model::Dims{0, 3, 1, 2}}});
        graph.nodes.insert(graph.nodes.end(), network.begin(), network.end());
    });
    const Detection expected = plain.detect(scene);
    const Detection actual = bytes.detect(scene);
    ASSERT_EQ(actual.regions.size(), expected.regions.size());
    for (std::size_t i = 0; i < expected.regions.size(); ++i)
        EXPECT_GT(geometry::iou(actual.regions[i].polygon, expected.regions[i].polygon), 0.9);
}

TEST(Detector, TheProbabilityIsOneOfSeveralOutputs) {
    const Scene scene = test::make_scene(320, 256, 4, 11);
    const Variant several([](model::Graph& graph) {
        graph.add(model::Op::Neg, "negative", {"probability"});
        graph.outputs.insert(graph.outputs.begin(), {"negative", model::DataType::f32, {}});
    });
    const Variant plain([](model::Graph&) {});
    const Detection expected = plain.detect(scene);
    EXPECT_EQ(several.detect(scene).regions, expected.regions);
    EXPECT_NE(several.detect(scene, as_they_are(), "negative").regions, expected.regions);
    EXPECT_THAT(error_of([&] { several.detect(scene, as_they_are(), "absent"); },
                         ErrorCode::invalid_argument),
                HasSubstr("negative, probability"));
}

}  // namespace
}  // namespace dbnet
