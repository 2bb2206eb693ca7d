#include <gtest/gtest.h>

#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include <dbnet/error.hpp>

#include "app/val.hpp"
#include "core/file.hpp"

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

    std::string root_;
    ValOptions options_;
};

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

}  // namespace
}  // namespace dbnet::app
