#include "train/run_weights.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include <dbnet/error.hpp>

#include "support/temp_dir.hpp"

namespace dbnet::train {
namespace {

using testing::HasSubstr;

void touch(const std::string& path) {
    std::filesystem::create_directories(std::filesystem::path(path).parent_path());
    std::ofstream(path) << "x";
}

std::string message_of(const std::string& path, Generation generation) {
    try {
        return "no error: " + weights_of(path, generation);
    } catch (const Error& error) {
        return error.what();
    }
}

TEST(RunWeights, AFileStandsForItself) {
    const test::TempDir dir;
    touch(dir / "any.onnx");
    EXPECT_EQ(weights_of(dir / "any.onnx", Generation::last), dir / "any.onnx");
    EXPECT_THAT(message_of(dir / "none.onnx", Generation::best), HasSubstr("none.onnx"));
}

TEST(RunWeights, ARunHasABestAndALast) {
    const test::TempDir dir;
    EXPECT_THAT(message_of(dir.path(), Generation::best_or_last), HasSubstr("step-*"));
    touch(dir / "checkpoints/step-000000900/weights.onnx");
    touch(dir / "checkpoints/step-000001000/weights.onnx");
    touch(dir / "checkpoints/step-000002000.partial/weights.onnx");  // being written
    touch(dir / "checkpoints/step-000003000/state.pt");              // broken
    const std::string last = dir / "checkpoints/step-000001000/weights.onnx";
    EXPECT_EQ(weights_of(dir.path()), last);
    EXPECT_EQ(weights_of(dir.path(), Generation::last), last);
    EXPECT_THAT(message_of(dir.path(), Generation::best), HasSubstr("no best.onnx"));
    touch(dir / "best.onnx");
    EXPECT_EQ(weights_of(dir.path()), dir / "best.onnx");
    EXPECT_EQ(weights_of(dir.path(), Generation::best), dir / "best.onnx");
    EXPECT_EQ(weights_of(dir.path(), Generation::last), last);
    EXPECT_EQ(weights_of(dir / "checkpoints/step-000000900"),
              dir / "checkpoints/step-000000900/weights.onnx");
}

TEST(RunWeights, StepsAreComparedAsNumbers) {
    const test::TempDir dir;
    touch(dir / "checkpoints/step-999999999/weights.onnx");
    touch(dir / "checkpoints/step-1000000000/weights.onnx");
    EXPECT_EQ(weights_of(dir.path()), dir / "checkpoints/step-1000000000/weights.onnx");
}

}  // namespace
}  // namespace dbnet::train
