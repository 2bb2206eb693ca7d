#include "app/tune.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <filesystem>

#include <dbnet/error.hpp>

#include "app/plateau.hpp"
#include "core/error.hpp"
#include "core/file.hpp"
#include "model/onnx.hpp"
#include "support/scene.hpp"
#include "support/temp_dir.hpp"
#include "support/tiny_model.hpp"

namespace dbnet::app {
namespace {

namespace fs = std::filesystem;

constexpr int kImages = 9;

/// Pictures of boxes that the tiny model finds, with their annotations.
class TuneTest : public testing::Test {
protected:
    TuneTest() {
        for (const char* folder : {"images", "gts"})
            fs::create_directories(root_ / (std::string("data/") + folder));
        for (unsigned seed = 1; seed <= kImages; ++seed) {
            const test::Scene scene = test::make_scene(480, 320, 6, seed);
            scene.image.write(image(seed));
            std::string labels;
            for (const Rect& box : scene.boxes) {
                for (const Point& p : formats::corners(box))
                    labels += core::concat(p.x, ",", p.y, ",");
                labels += "text\n";
            }
            core::write_file(root_ / core::concat("data/gts/gt_", seed, ".txt"), labels);
        }
        model::write_onnx(test::tiny_model(), root_ / "det.onnx");
        options_.model = root_ / "det.onnx";
        options_.folder = root_ / "out";
        options_.protocol = &eval::protocol_named("icdar");
        options_.thresholds = {0.3f, 0.6f};
        options_.box_thresholds = {0.5f, 0.95f};
        options_.unclips = {{Unclip::ratio, 0.01f}, {Unclip::ratio, 4.0f}, {Unclip::exact}};
        options_.min_sizes = {3, 1000};
        options_.threads = 2;
        hooks_.predict.on_start = [this](std::size_t images) { computed_ = images; };
        hooks_.predict.on_image = [this](const ImageReport& report) {
            ++reported_;
            if (!report.error.empty()) failures_.push_back(report.error);
        };
        hooks_.predict.interrupted = [this] { return reported_ >= interrupt_after_; };
        hooks_.on_swept = [this](std::size_t done) { swept_ = done; };
    }

    std::string image(unsigned number) const {
        return root_ / core::concat("data/images/", number, ".png");
    }

    data::Dataset data() const {
        data::DatasetSpec spec;
        spec.format = "icdar";
        spec.images = root_ / "data/images";
        return data::Dataset(spec);
    }

    /// Runs and says how many maps were computed.
    std::size_t computed() {
        computed_ = reported_ = 0;
        tuning_ = tune(data(), options_, hooks_);
        return computed_;
    }

    std::vector<std::string> maps() const {
        std::vector<std::string> files;
        for (const auto& entry : fs::recursive_directory_iterator(root_ / "out"))
            if (entry.path().extension() == ".json") files.push_back(entry.path());
        std::ranges::sort(files);
        return files;
    }

    test::TempDir root_;
    TuneOptions options_;
    TuneHooks hooks_;
    Tuning tuning_;
    std::size_t computed_ = 0;
    std::size_t reported_ = 0;
    std::size_t interrupt_after_ = 1000;
    std::size_t swept_ = 0;
    std::vector<std::string> failures_;
};

TEST_F(TuneTest, TriesEveryCombinationAndTakesOneThatIsAsGood) {
    EXPECT_EQ(computed(), kImages);
    EXPECT_EQ(swept_, kImages);
    ASSERT_EQ(tuning_.trials.size(), 24u);
    EXPECT_TRUE(std::ranges::is_sorted(tuning_.trials, std::ranges::greater{},
                                       [](const Trial& trial) { return trial.figures.hmean; }));
    const Trial& best = tuning_.trials.front();
    EXPECT_GT(best.figures.hmean, 0.9);
    EXPECT_GE(tuning_.trials[tuning_.chosen].figures.hmean,
              best.figures.hmean - best.confidence.hmean_error);
    EXPECT_GE(tuning_.plateau, 1u);
    for (const Trial& trial : tuning_.trials)
        if (trial.min_size == 1000) {
            EXPECT_EQ(trial.figures.recall, 0);  // nothing is that large
        }
    const std::vector<std::uint8_t> csv = core::read_file(root_ / "out/sweep.csv");
    EXPECT_EQ(std::ranges::count(csv, '\n'), 25);
}

// The written model, run as any other, has the figures of the chosen trial: also when the model was
// tuned as one without metadata, with another preset's input.
TEST_F(TuneTest, TheWrittenModelDetectsAsTheChosenTrial) {
    for (const bool has_metadata : {true, false}) {
        model::Graph graph = test::tiny_model();
        if (!has_metadata) {
            graph.metadata.clear();
            options_.preset = Preset::paddle;
            options_.folder = root_ / "out2";
        }
        model::write_onnx(graph, options_.model);
        computed();
        const Detector detector = Detector::open(options_.folder + "/model.onnx", {2, 2});
        EXPECT_EQ(detector.preset(), Preset::native);
        const app::Run run = predict_all(detector, {}, data(), hooks_.predict);
        const Validation validation =
            validate(data(), run.predictions, {options_.protocol, options_.shape});
        const Trial& chosen = tuning_.trials[tuning_.chosen];
        EXPECT_EQ(validation.totals.figures().hmean, chosen.figures.hmean);
        EXPECT_EQ(validation.confidence.hmean.low, chosen.confidence.hmean.low);
        char text[100];
        std::snprintf(text, sizeof text, "icdar hmean %.4f (95 %%: %.4f to %.4f) on 9 images",
                      chosen.figures.hmean, chosen.confidence.hmean.low,
                      chosen.confidence.hmean.high);
        EXPECT_EQ(model::read_onnx(options_.folder + "/model.onnx").metadata.at("dbnet.tuning"),
                  text);
    }
}

/// A grid of thresholds and ratios whose hmean falls by 0.01 a step from (3, 1), where it is 0.9.
std::vector<Trial> hill(double error) {
    std::vector<Trial> trials;
    for (int x = 0; x < 7; ++x)
        for (int y = 0; y < 5; ++y) {
            Trial& trial = trials.emplace_back();
            trial.threshold = 0.1f * static_cast<float>(x);
            trial.unclip.ratio = 1 + static_cast<float>(y * y);  // steps, not distances, count
            trial.figures.hmean = 0.9 - 0.01 * (std::abs(x - 3) + std::abs(y - 1));
            trial.confidence.hmean_error = error;
        }
    std::ranges::stable_sort(trials, std::ranges::greater{},
                             [](const Trial& trial) { return trial.figures.hmean; });
    return trials;
}

TEST(Plateau, IsWhatTheImagesCannotTellFromTheBest) {
    EXPECT_EQ(plateau_of(hill(0)).size, 1u);
    EXPECT_EQ(plateau_of(hill(0)).middle, 0u);
    EXPECT_EQ(plateau_of(hill(0.0101)).size, 5u);
    EXPECT_EQ(plateau_of(hill(0.0101)).middle, 0u);
    EXPECT_EQ(plateau_of(hill(1)).size, 35u);
    const std::vector<Trial> all = hill(1);
    const Trial& middle = all[plateau_of(all).middle];
    EXPECT_FLOAT_EQ(middle.threshold, 0.3f);
    EXPECT_FLOAT_EQ(middle.unclip.ratio, 5);  // the third of five
}

TEST(Plateau, TheCornerThatIsBestByChanceIsNotTaken) {
    std::vector<Trial> trials = hill(1);
    for (Trial& trial : trials) trial.figures.hmean = 1;  // few images, all right
    const Trial& middle = trials[plateau_of(trials).middle];
    EXPECT_FLOAT_EQ(middle.threshold, 0.3f);
    EXPECT_FLOAT_EQ(middle.unclip.ratio, 5);
}

TEST(Plateau, HoldsWhatUndoesTheShrinkingInOneWay) {
    std::vector<Trial> trials = hill(0.0101);
    const std::size_t size = plateau_of(trials).size;
    Trial exact = trials.front();
    exact.unclip = {Unclip::exact};
    for (int i = 0; i < 10; ++i) trials.insert(trials.begin() + 1, exact);
    EXPECT_EQ(plateau_of(trials).size, size);
    EXPECT_EQ(plateau_of(trials).middle, 0u);
}

TEST_F(TuneTest, MapsAreComputedOnce) {
    EXPECT_EQ(computed(), kImages);
    const eval::Figures best = tuning_.trials.front().figures;
    EXPECT_EQ(computed(), 0u);
    EXPECT_EQ(tuning_.summary.skipped, kImages);
    EXPECT_EQ(tuning_.trials.front().figures.hmean, best.hmean);
    options_.size = SizeRule::parse("max:320");
    EXPECT_EQ(computed(), kImages);  // another size
    options_.size.reset();
    model::write_onnx(test::tiny_model("other"), options_.model);
    EXPECT_EQ(computed(), kImages);  // another model
}

TEST_F(TuneTest, AnInterruptedRunIsContinued) {
    interrupt_after_ = 1;
    options_.threads = 1;  // so that not all images are in work at once
    computed();
    EXPECT_TRUE(tuning_.summary.interrupted);
    EXPECT_TRUE(tuning_.trials.empty());
    EXPECT_FALSE(fs::exists(root_ / "out/model.onnx"));
    const std::size_t kept = maps().size();
    EXPECT_GE(kept, 1u);
    EXPECT_LT(kept, static_cast<std::size_t>(kImages));
    interrupt_after_ = 1000;
    EXPECT_EQ(computed(), kImages - kept);
    EXPECT_EQ(tuning_.trials.size(), 24u);
}

// A map without its JSON file, which is written last; one that is no map; one of an image that has
// changed since; one of another image of that name.
TEST_F(TuneTest, MapsThatAreNotWholeOrNotOfTheImageAreComputedAgain) {
    computed();
    const std::vector<std::string> files = maps();
    ASSERT_EQ(files.size(), 9u);
    fs::remove(files[0]);
    core::write_file(files[0].substr(0, files[0].size() - 5) + ".png", "half a map");
    core::write_file(files[1], "{\"schema\":1");
    fs::last_write_time(image(3), fs::file_time_type::clock::now() + std::chrono::hours(1));
    const std::vector<std::uint8_t> bytes = core::read_file(files[3]);
    std::string json(bytes.begin(), bytes.end());
    json.replace(json.find("images/4.png"), 12, "images/5.png");
    core::write_file(files[3], json);
    const double best = tuning_.trials.front().figures.hmean;
    EXPECT_EQ(computed(), 4u);
    EXPECT_EQ(tuning_.trials.front().figures.hmean, best);
}

TEST_F(TuneTest, UnreadableImagesCountAsEmpty) {
    core::write_file(image(2), "no image");
    computed();
    EXPECT_EQ(tuning_.summary.failed, 1u);
    EXPECT_EQ(failures_.size(), 1u);
    EXPECT_LE(tuning_.trials.front().figures.recall, 8.0 / 9);
    EXPECT_GT(tuning_.trials.front().figures.recall, 0.8);
}

TEST_F(TuneTest, SettingsOutOfRangeAreRefusedBeforeAnythingIsDone) {
    options_.thresholds = {0.3f, 1.5f};
    EXPECT_THROW(computed(), Error);
    options_.thresholds = {};
    EXPECT_THROW(computed(), Error);
    EXPECT_FALSE(fs::exists(root_ / "out"));
}

TEST_F(TuneTest, TestSetsAreKnownByTheirPath) {
    EXPECT_FALSE(looks_like_test_set(data()));
    const auto named = [&](const std::string& name) {
        fs::create_directories(root_ / name);
        fs::copy(root_ / "data/images", root_ / name, fs::copy_options::recursive);
        data::DatasetSpec spec;
        spec.format = "icdar";
        spec.images = root_ / name;
        spec.labels = root_ / "data/gts";
        return looks_like_test_set(data::Dataset(spec));
    };
    EXPECT_TRUE(named("icdar/ch4_Test_images"));
    EXPECT_TRUE(named("sets/testing"));
    EXPECT_FALSE(named("sets/latest"));
    EXPECT_FALSE(named("contest/photos"));
}

}  // namespace
}  // namespace dbnet::app
