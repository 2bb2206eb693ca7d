#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/resource.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <limits>
#include <map>
#include <set>
#include <sstream>

#include <dbnet/error.hpp>

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
    report.hmean_95 = {0.25, 0.75};
    report.loss = 1.5;
    report.images = 100;
    report.seconds = 5;
    return report;
}

data::Batch grey_batch() {
    data::Batch batch;
    batch.samples = 1;
    batch.size = {32, 32};
    batch.images.assign(3 * 32 * 32, 0.0f);
    batch.probability.assign(32 * 32, 0);
    batch.probability_mask.assign(32 * 32, 1);
    batch.threshold.assign(32 * 32, 0.3f);
    batch.threshold_mask.assign(32 * 32, 0);
    batch.labels.resize(1);
    return batch;
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

    static void train(RunFolder& folder, std::uint64_t from, std::uint64_t to) {
        for (std::uint64_t step = from; step <= to; ++step) {
            folder.batch(step_report(step - 1).at, grey_batch());
            folder.step(step_report(step));
        }
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
        train(folder, 1, 19);
    }
    {
        RunFolder folder = open(19);  // just before the end of an epoch
        train(folder, 20, 25);
    }
    const auto rows = table_of(run_ + "/results.csv");
    std::vector<std::string> steps;
    for (const auto& row : rows) steps.push_back(row.at("step"));
    ASSERT_EQ(steps, (std::vector<std::string>{"10", "19", "20", "25"}));
    EXPECT_EQ(rows[0].at("data_seconds"), "1.25") << "of ten steps";
    EXPECT_EQ(rows[2].at("data_seconds"), "0.125") << "of one step";
}

std::vector<formats::Json> events_of(const std::string& path) {
    std::vector<formats::Json> events;
    for (const std::string& line : lines_of(path)) events.push_back(formats::Json::parse(line));
    return events;
}

TEST_F(RunFolderTest, WritesEventsAndALog) {
    {
        RunFolder folder = open();
        folder.message(core::LogLevel::warning, "img_7.jpg: cannot open");
        for (std::uint64_t step = 1; step <= 5; ++step)
            folder.step(step_report(step, static_cast<double>(step)));
        folder.validation(validation_report(5, 0.5));
    }
    const auto events = events_of(run_ + "/events.jsonl");
    ASSERT_EQ(events.size(), 4);
    EXPECT_EQ(events[0]["event"], "message");
    EXPECT_EQ(events[0]["text"], "img_7.jpg: cannot open");
    EXPECT_EQ(events[1]["step"], 1);
    EXPECT_EQ(events[1]["loss"], 1.0);
    EXPECT_EQ(events[2]["step"], 5) << "not more than one a second";
    EXPECT_EQ(events[2]["loss"], 3.5) << "the mean of steps 2 to 5";
    EXPECT_EQ(events[2]["learning_rate"], 1e-3);
    EXPECT_EQ(events[2]["images_per_second"], 8.0);
    EXPECT_EQ(events[2]["skipped_steps"], 0);
    EXPECT_EQ(events[3]["event"], "validation");
    EXPECT_EQ(events[3]["box_threshold"], 0.3);

    EXPECT_EQ(warnings_, std::vector<std::string>{"img_7.jpg: cannot open"});
    ASSERT_EQ(said_.size(), 1);
    EXPECT_THAT(said_[0], HasSubstr("hmean 0.5000 (95 %: 0.2500 to 0.7500) at box threshold 0.30, "
                                    "loss 1.5000"));
    EXPECT_THAT(status_, HasSubstr("step 5/100"));
    const auto log = lines_of(run_ + "/train.log");
    ASSERT_EQ(log.size(), 5);
    EXPECT_THAT(log[1], HasSubstr("Z warning: img_7.jpg: cannot open"));
    EXPECT_THAT(log[3], HasSubstr("hmean 0.5000"));
}

TEST_F(RunFolderTest, WritesNothingForLossesThatAreNotThere) {
    {
        RunFolder folder = open();
        train::StepReport report = step_report(1);
        report.losses.threshold = report.losses.binary = kNone;
        folder.step(report);
    }
    EXPECT_EQ(table_of(run_ + "/results.csv").at(0).at("threshold_loss"), "");
    EXPECT_TRUE(events_of(run_ + "/events.jsonl").at(0)["binary_loss"].is_null());
}

TEST_F(RunFolderTest, CountsSkippedStepsAndLeavesTheirLossesOut) {
    {
        RunFolder folder = open();
        folder.step(step_report(1, 3));
        train::StepReport bad = step_report(2, kNone);
        bad.skipped = true;
        bad.skipped_steps = 1;
        folder.step(bad);
        train::StepReport good = step_report(3, 5);
        good.skipped_steps = 1;
        folder.step(good);
        folder.validation(validation_report(3, 0.5));
    }
    const auto events = events_of(run_ + "/events.jsonl");
    EXPECT_EQ(events.at(1)["loss"], 5.0) << "the mean of step 3 alone";
    EXPECT_EQ(events.at(1)["skipped_steps"], 1);
    EXPECT_EQ(table_of(run_ + "/results.csv").back().at("loss"), "4");
}

TEST_F(RunFolderTest, TellsOneStoryAfterARestart) {
    const auto train = [](RunFolder& folder, std::uint64_t from, std::uint64_t to) {
        for (std::uint64_t step = from; step <= to; ++step) {
            folder.step(step_report(step));
            if (step % 10 == 0) folder.validation(validation_report(step, 0.01 * double(step)));
        }
    };
    {
        RunFolder folder = open();
        train(folder, 1, 35);
    }
    for (const char* file : {"/train.log", "/events.jsonl", "/results.csv"})
        std::ofstream(run_ + file, std::ios::app) << "{\"step\":3,\"eve";  // cut by a crash
    {
        RunFolder folder = open(20);
        train(folder, 21, 40);
    }
    std::vector<std::string> steps;
    for (const auto& row : table_of(run_ + "/results.csv")) steps.push_back(row.at("step"));
    EXPECT_EQ(steps, (std::vector<std::string>{"10", "20", "30", "40"}));
    std::vector<int> validated;
    int last = 0;
    double seconds = 0;
    for (const formats::Json& event : events_of(run_ + "/events.jsonl")) {
        EXPECT_GE(event["step"], last);
        EXPECT_GE(event["seconds"], seconds);
        last = event["step"];
        seconds = event["seconds"];
        if (event["event"] == "validation") validated.push_back(event["step"]);
    }
    EXPECT_EQ(validated, (std::vector<int>{10, 20, 30, 40}));
    const auto log = lines_of(run_ + "/train.log");
    EXPECT_TRUE(std::ranges::any_of(
        log, [](const std::string& line) { return line.ends_with("goes on after step 20"); }));
    EXPECT_FALSE(std::ranges::any_of(
        log, [](const std::string& line) { return line.find("eve") != std::string::npos; }));
}

TEST_F(RunFolderTest, KnowsTheBestValidationAlsoAfterARestart) {
    {
        RunFolder folder = open();
        EXPECT_EQ(folder.best(), "");
        for (const std::uint64_t step : {1, 2, 3}) {
            folder.step(step_report(step));
            train::ValidationReport report = validation_report(step, 0.5);
            report.is_best = step == 2;
            folder.validation(report);
        }
    }
    const std::string expected =
        "best: step 2, hmean 0.5000 (95 %: 0.2500 to 0.7500) on 100 images";
    EXPECT_EQ(open(3).best(), expected);
    EXPECT_THAT(lines_of(run_ + "/train.log"), testing::Contains(HasSubstr(expected)));
    EXPECT_EQ(open(1).best(), "");
}

TEST_F(RunFolderTest, WritesAValidationOnceThatIsDoneAgain) {
    {
        RunFolder folder = open();
        train(folder, 1, 15);
        folder.validation(validation_report(15, 0.5));
    }
    {
        RunFolder folder = open(15);
        folder.validation(validation_report(15, 0.5));
        train(folder, 16, 17);
    }
    std::vector<std::string> steps;
    for (const auto& row : table_of(run_ + "/results.csv")) steps.push_back(row.at("step"));
    EXPECT_EQ(steps, (std::vector<std::string>{"10", "15", "17"}));
    int validations = 0;
    for (const formats::Json& event : events_of(run_ + "/events.jsonl"))
        validations += event["event"] == "validation";
    EXPECT_EQ(validations, 1);
}

TEST_F(RunFolderTest, DrawsTheFirstBatchAndOneAfterEachValidation) {
    const data::Batch batch = grey_batch();
    {
        RunFolder folder = open();
        for (std::uint64_t step = 0; step < 6; ++step) {
            folder.batch(step_report(step).at, batch);
            folder.step(step_report(step + 1));
            if (step == 2) folder.validation(validation_report(3, 0.5));
        }
    }
    std::set<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(run_ + "/pictures"))
        names.insert(entry.path().filename());
    EXPECT_EQ(names, (std::set<std::string>{"batch_000000000.png", "batch_000000003.png"}));
    EXPECT_TRUE(std::filesystem::exists(run_ + "/plots/losses.png"));
    EXPECT_TRUE(warnings_.empty());
}

TEST_F(RunFolderTest, GoesOnWhenTheDiskIsFull) {
    rlimit usual{};
    ::getrlimit(RLIMIT_FSIZE, &usual);
    const auto on_signal = ::signal(SIGXFSZ, SIG_IGN);
    {
        RunFolder folder = open();
        const rlimit small{600, usual.rlim_max};
        ::setrlimit(RLIMIT_FSIZE, &small);
        for (std::uint64_t step = 1; step <= 30; ++step) {
            folder.step(step_report(step));
            if (step % 5 == 0) folder.validation(validation_report(step, 0.5));
        }
        ::setrlimit(RLIMIT_FSIZE, &usual);
        folder.step(step_report(31));
        folder.validation(validation_report(31, 0.5));
    }
    ::signal(SIGXFSZ, on_signal);
    EXPECT_EQ(warnings_.size(), 1) << "one is enough";
    EXPECT_THAT(warnings_.at(0), HasSubstr("the training goes on"));
    EXPECT_EQ(table_of(run_ + "/results.csv").back().at("step"), "31");
    EXPECT_NO_THROW(events_of(run_ + "/events.jsonl")) << "no line is torn";
    EXPECT_EQ(events_of(run_ + "/events.jsonl").back()["step"], 31);
}

TEST_F(RunFolderTest, SaysWhereItCannotWrite) {
    std::ofstream(dir_ / "file") << "x";
    EXPECT_THROW(RunFolder(dir_ / "file/run", 0, {}, {}, {}), Error);
}

}  // namespace
}  // namespace dbnet::app
