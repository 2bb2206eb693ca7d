#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <limits>

#include "app/run_folder.hpp"
#include "formats/document.hpp"
#include "support/temp_dir.hpp"

namespace dbnet::app {
namespace {

using testing::HasSubstr;

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

train::StepReport step_report(std::uint64_t step, double loss = 2) {
    train::StepReport report;
    report.at = {step, 100, step * 8, static_cast<double>(step) / 10};
    report.losses = {loss, 0.25, 0.125, 0.5};
    report.times = {0.125, 0.25, 0.5, 0.125};
    report.rate = 1e-3;
    report.gradient_norm = 4;
    report.samples = 8;
    return report;
}

train::ValidationReport validation_report(std::uint64_t step, double hmean) {
    train::ValidationReport report;
    report.at = step_report(step).at;
    report.figures = {0.5, 0.25, hmean};
    report.box_threshold = 0.3f;
    report.images = 100;
    report.seconds = 5;
    return report;
}

std::vector<std::string> lines_of(const std::string& path) {
    std::ifstream file(path);
    std::vector<std::string> lines;
    for (std::string line; std::getline(file, line);) lines.push_back(line);
    return lines;
}

/// Rows of a table by column.
std::vector<std::map<std::string, std::string>> table_of(const std::string& path) {
    std::vector<std::vector<std::string>> cells;
    for (const std::string& line : lines_of(path)) {
        std::istringstream text(line);
        cells.emplace_back();
        for (std::string cell; std::getline(text, cell, ',');) cells.back().push_back(cell);
    }
    std::vector<std::map<std::string, std::string>> rows;
    for (std::size_t i = 1; i < cells.size(); ++i) {
        EXPECT_EQ(cells[i].size(), cells[0].size()) << path;
        for (std::size_t j = 0; j < cells[0].size(); ++j)
            if (j == 0)
                rows.push_back({{cells[0][0], cells[i][0]}});
            else
                rows.back()[cells[0][j]] = cells[i].at(j);
    }
    return rows;
}

class RunFolderTest : public testing::Test {
protected:
    RunFolder open(std::uint64_t resumed_step = 0) {
        return RunFolder(
            run_, resumed_step, {},
            [&](core::LogLevel level, const std::string& text) {
                (level == core::LogLevel::warning ? warnings_ : said_).push_back(text);
            },
            [&](const std::string& text) { status_ = text; });
    }

    const test::TempDir dir_;
    const std::string run_ = dir_ / "runs/train/a";
    std::vector<std::string> said_, warnings_;
    std::string status_;
};

TEST_F(RunFolderTest, WritesARowPerValidationWithMeansSinceTheLast) {
    {
        RunFolder folder = open();
        folder.step(step_report(1, 2));
        folder.step(step_report(2, 4));
        folder.validation(validation_report(2, 0.75));
        folder.step(step_report(3, 8));
    }
    const auto rows = table_of(run_ + "/results.csv");
    ASSERT_EQ(rows.size(), 2);
    EXPECT_EQ(rows[0].at("step"), "2");
    EXPECT_EQ(rows[0].at("epoch"), "0.2");
    EXPECT_EQ(rows[0].at("samples"), "16");
    EXPECT_EQ(rows[0].at("loss"), "3");
    EXPECT_EQ(rows[0].at("hmean"), "0.75");
    EXPECT_EQ(rows[0].at("images_per_second"), "8");
    EXPECT_EQ(rows[0].at("forward_seconds"), "0.5");
    EXPECT_EQ(rows[0].at("validation_seconds"), "5");
    EXPECT_GT(std::stod(rows[0].at("peak_memory_mb")), 1);
    EXPECT_EQ(rows[1].at("step"), "3");
    EXPECT_EQ(rows[1].at("loss"), "8");
    EXPECT_EQ(rows[1].at("hmean"), "");
}

TEST_F(RunFolderTest, WritesARowPerEpochWithoutValidation) {
    {
        RunFolder folder = open();
        for (std::uint64_t step = 1; step <= 25; ++step) folder.step(step_report(step));
    }
    const auto rows = table_of(run_ + "/results.csv");
    ASSERT_EQ(rows.size(), 3);
    EXPECT_EQ(rows[0].at("step"), "10");
    EXPECT_EQ(rows[1].at("step"), "20");
    EXPECT_EQ(rows[2].at("step"), "25");
    EXPECT_EQ(rows[1].at("data_seconds"), "1.25") << "of ten steps";
}

}  // namespace
}  // namespace dbnet::app
