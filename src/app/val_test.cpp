#include <unistd.h>

#include <archive.h>
#include <archive_entry.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <functional>

#include <dbnet/error.hpp>

#include "app/report.hpp"
#include "app/speed.hpp"
#include "app/val.hpp"
#include "core/error.hpp"
#include "core/file.hpp"
#include "model/onnx.hpp"
#include "support/scene.hpp"
#include "support/tiny_model.hpp"

namespace dbnet::app {
namespace {

namespace fs = std::filesystem;

/// Two images with annotations: one text each, and "don't care" text in the second.
class ValTest : public testing::Test {
protected:
    ValTest() {
        std::string path = (fs::temp_directory_path() / "dbnet-val-XXXXXX").string();
        root_ = mkdtemp(path.data());
        for (const char* folder : {"/images", "/gts", "/results"})
            fs::create_directory(root_ + folder);
        for (const char* name : {"a", "b"}) Image(64, 32).write(root_ + "/images/" + name + ".png");
        hooks_.on_start = [](std::size_t) {};
        hooks_.on_image = [this](const ImageReport& report) {
            if (!report.error.empty()) failures_.push_back(report.error);
        };
        hooks_.interrupted = [this] { return interrupted_; };
        core::write_file(root_ + "/gts/gt_a.txt", "0,0,20,0,20,10,0,10,one\n");
        core::write_file(root_ + "/gts/gt_b.txt",
                         "0,0,20,0,20,10,0,10,two\n30,0,60,0,60,10,30,10,###\n");
        core::write_file(root_ + "/results/res_a.txt", "0,0,20,0,20,10,0,10\n");
        core::write_file(root_ + "/results/res_b.txt",
                         "1,20,20,20,20,30,1,30\n30,0,60,0,60,10,30,10\n");
        options_.protocol = &eval::protocol_named("icdar");
    }
    ~ValTest() override { fs::remove_all(root_); }

    data::Dataset data() const {
        data::DatasetSpec spec;
        spec.format = "icdar";
        spec.images = root_ + "/images";
        return data::Dataset(spec);
    }

    /// A picture of boxes that the tiny model finds, annotated, as image NAME.
    void add_scene(const std::string& name, unsigned seed) const {
        const test::Scene scene = test::make_scene(480, 320, 6, seed);
        scene.image.write(root_ + "/images/" + name + ".png");
        std::string labels;
        for (const Rect& box : scene.boxes) {
            for (const Point& p : formats::corners(box)) labels += core::concat(p.x, ",", p.y, ",");
            labels += "text\n";
        }
        core::write_file(root_ + "/gts/gt_" + name + ".txt", labels);
    }

    Detector detector() const {
        model::write_onnx(test::tiny_model(), root_ + "/det.onnx");
        return Detector::open(root_ + "/det.onnx", {2, 2});
    }

    std::string report(const Predictions& predictions, bool explained = false) const {
        const data::Dataset images = data();
        const ReportHooks hooks{[](std::size_t) {}, [this] { return interrupted_; }};
        if (!write_report(images, predictions, validate(images, predictions, options_),
                          {root_ + "/report", 2, explained}, hooks))
            return "";
        const std::vector<std::uint8_t> bytes = core::read_file(root_ + "/report/index.html");
        return {bytes.begin(), bytes.end()};
    }

    std::string root_;
    ValOptions options_;
    PredictHooks hooks_;
    std::vector<std::string> failures_;
    bool interrupted_ = false;
};

std::string message_of(const std::function<void()>& work) {
    try {
        work();
    } catch (const Error& error) {
        return error.what();
    }
    return "no error";
}

/// A zip archive of text files.
void write_zip(const std::string& path,
               const std::vector<std::pair<std::string, std::string>>& files) {
    archive* writer = archive_write_new();
    archive_write_set_format_zip(writer);
    archive_write_open_filename(writer, path.c_str());
    for (const auto& [name, content] : files) {
        archive_entry* entry = archive_entry_new();
        archive_entry_set_pathname(entry, name.c_str());
        archive_entry_set_filetype(entry, AE_IFREG);
        archive_entry_set_size(entry, static_cast<la_int64_t>(content.size()));
        archive_write_header(writer, entry);
        archive_write_data(writer, content.data(), content.size());
        archive_entry_free(entry);
    }
    archive_write_free(writer);
}

TEST_F(ValTest, ScoresResultFiles) {
    const Validation validation = validate(data(), read_predictions(root_ + "/results"), options_);
    EXPECT_EQ(validation.totals.truths, 2);
    EXPECT_EQ(validation.totals.findings, 2);
    EXPECT_EQ(validation.totals.figures().hmean, 0.5);
    EXPECT_TRUE(validation.warnings.empty());
}

TEST_F(ValTest, TheSubmissionScoresTheSame) {
    const Predictions predictions = read_predictions(root_ + "/results");
    write_validation(root_ + "/out", validate(data(), predictions, options_), predictions, options_,
                     nullptr);
    const Predictions unpacked = read_predictions(root_ + "/out/submission.zip");
    EXPECT_EQ(unpacked.size(), 2u);
    EXPECT_EQ(validate(data(), unpacked, options_).totals.figures().hmean, 0.5);
}

TEST_F(ValTest, MissingResultsAreEmptyUnknownOnesAnError) {
    fs::remove(root_ + "/results/res_a.txt");
    const Validation validation = validate(data(), read_predictions(root_ + "/results"), options_);
    EXPECT_EQ(validation.warnings.size(), 1u);
    EXPECT_EQ(validation.totals.recall_sum, 0);
    core::write_file(root_ + "/results/res_c.txt", "");
    EXPECT_THROW(validate(data(), read_predictions(root_ + "/results"), options_), Error);
}

TEST_F(ValTest, BrokenResultsNameTheirPlace) {
    core::write_file(root_ + "/results/res_a.txt", "0,0,20,0,20,10,0,10\n0,0,x,0,20,10,0,10\n");
    try {
        read_predictions(root_ + "/results");
        FAIL();
    } catch (const Error& error) {
        EXPECT_NE(std::string(error.what()).find("res_a.txt:2"), std::string::npos);
    }
    core::write_file(root_ + "/broken.zip", "PK\x03\x04 not a zip file");
    EXPECT_THROW(read_predictions(root_ + "/broken.zip"), Error);
}

TEST_F(ValTest, ArchivesNameTheirFiles) {
    const std::string zip = root_ + "/results.zip";
    write_zip(zip, {{"one/res_a.txt", "0,0,20,0,20,10,0,10\n"}, {"res_b.txt", "1,2,x\n"}});
    EXPECT_THAT(message_of([&] { read_predictions(zip); }),
                testing::HasSubstr("results.zip/res_b.txt:1: "));
    write_zip(zip, {{"one/res_a.txt", ""}, {"two/res_a.txt", ""}});
    EXPECT_THAT(message_of([&] { read_predictions(zip); }),
                testing::HasSubstr("two files in it are called res_a.txt"));
}

TEST_F(ValTest, BrokenLinesOfAnnotationsAreLeftOutOrNameTheirPlace) {
    const Predictions predictions = read_predictions(root_ + "/results");
    const std::string line = "0,0,20,0,20,10,0,10,two\n";
    core::write_file(root_ + "/gts/gt_b.txt", line);
    const Validation whole = validate(data(), predictions, options_);
    core::write_file(root_ + "/gts/gt_b.txt", line + "1,2,3\n");
    const Validation broken = validate(data(), predictions, options_);
    EXPECT_EQ(broken.totals.truths, whole.totals.truths);
    data::DatasetSpec strict = data().spec();
    strict.strict = true;
    EXPECT_THAT(message_of([&] { validate(data::Dataset(strict), predictions, options_); }),
                testing::HasSubstr("gt_b.txt:2: "));
}

TEST_F(ValTest, ManyMissingResultsAreOneWarning) {
    for (const char* name : {"c", "d", "e", "f"}) add_scene(name, 1);
    fs::remove(root_ + "/results/res_a.txt");
    const Validation validation = validate(data(), read_predictions(root_ + "/results"), options_);
    ASSERT_EQ(validation.warnings.size(), 1u);
    EXPECT_EQ(validation.warnings[0], "a, c, d and 2 more images: no result, count as empty");
}

// The model finds every box, so that the only errors are those of the image that is none.
TEST_F(ValTest, UnreadableImagesCountAsEmpty) {
    add_scene("s1", 1);
    add_scene("s2", 2);
    for (const char* name : {"a", "b"}) core::write_file(root_ + "/images/" + name + ".png", "no");
    PredictOptions predict;
    predict.detect.unclip_ratio = 0.01f;  // the model finds the boxes themselves
    const app::Run run = predict_all(detector(), predict, data(), hooks_);
    EXPECT_EQ(run.summary.failed, 2u);
    EXPECT_EQ(failures_.size(), 2u);
    const Validation validation = validate(data(), run.predictions, options_);
    EXPECT_TRUE(validation.warnings.empty());
    EXPECT_EQ(validation.totals.truths, 14);
    EXPECT_EQ(validation.totals.recall_sum, 12);
    EXPECT_EQ(validation.totals.figures().precision, 1);
    EXPECT_THAT(report(run.predictions), testing::HasSubstr("\"problem\":\""));
}

TEST_F(ValTest, AnInterruptedRunSaysSo) {
    interrupted_ = true;
    EXPECT_TRUE(predict_all(detector(), {}, data(), hooks_).summary.interrupted);
    EXPECT_TRUE(measure_speed(detector(), {}, data(), 3, hooks_).summary.interrupted);
    EXPECT_EQ(report(read_predictions(root_ + "/results")), "");
    EXPECT_FALSE(fs::exists(root_ + "/report/index.html"));
}

TEST_F(ValTest, SpeedOfEachStep) {
    core::write_file(root_ + "/images/a.png", "no");
    const Speed speed = measure_speed(detector(), {}, data(), 3, hooks_);
    EXPECT_EQ(speed.summary.done, 1u);
    EXPECT_EQ(speed.summary.failed, 1u);
    ASSERT_EQ(speed.steps.size(), 3u);
    for (const StepTimes& times : speed.steps) {
        EXPECT_TRUE(0 < times.p50 && times.p50 <= times.p90 && times.p90 <= times.p99)
            << times.step;
    }
    EXPECT_NEAR(speed.steps[2].mean, speed.steps[0].mean + speed.steps[1].mean, 1e-9);
    EXPECT_NEAR(images_per_second(speed) * speed.steps[2].mean, 1000, 1e-6);
}

// Names and transcriptions are data of the page and never markup; pictures have numbers for names.
TEST_F(ValTest, ReportOfHostileNames) {
    const std::string name = "</script><script>alert('#%20\"')";
    fs::remove_all(root_ + "/images");
    fs::remove_all(root_ + "/results");
    for (const char* folder : {"/images", "/results"}) fs::create_directory(root_ + folder);
    // A slash cannot be in a file's name.
    std::string file = name;
    std::ranges::replace(file, '/', '|');
    Image(64, 32).write(root_ + "/images/" + file + ".png");
    core::write_file(root_ + "/gts/gt_" + file + ".txt", "0,0,20,0,20,10,0,10,<img src=x>\n");
    core::write_file(root_ + "/results/res_" + file + ".txt", "40,0,60,0,60,10,40,10\n");
    const std::string page = report(read_predictions(root_ + "/results"));
    EXPECT_THAT(page, testing::HasSubstr("\\u003c|script>\\u003cscript>alert('#%20\\\"')"));
    EXPECT_THAT(page, testing::HasSubstr("\\u003cimg src=x>"));
    EXPECT_THAT(page, testing::Not(testing::HasSubstr("<img")));
    EXPECT_THAT(page, testing::Not(testing::HasSubstr("src=\"http")));
    for (const char* picture : {"full/1.jpg", "small/1.jpg", "errors/1-0.jpg", "errors/1-1.jpg"})
        EXPECT_NO_THROW(Image::read(root_ + "/report/" + picture)) << picture;
}

TEST_F(ValTest, ReportNamesTheDetectorsReasons) {
    add_scene("s1", 1);
    PredictOptions predict;
    predict.detect.explain = true;
    predict.detect.box_threshold = 1.0f;  // nothing is certain enough
    const app::Run run = predict_all(detector(), predict, data(), hooks_);
    const std::string page = report(run.predictions, true);
    EXPECT_THAT(page, testing::HasSubstr("\"explained\":true"));
    EXPECT_THAT(page, testing::HasSubstr("is below the box threshold 1"));
    // Image a is black, but has an annotation.
    EXPECT_THAT(page, testing::HasSubstr("the probability map is below the threshold here"));
    EXPECT_THAT(report(read_predictions(root_ + "/results")),
                testing::HasSubstr("\"explained\":false"));
}

}  // namespace
}  // namespace dbnet::app
