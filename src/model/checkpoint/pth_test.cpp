#include "model/checkpoint/pth.hpp"

#include <gtest/gtest.h>

#include <dbnet/error.hpp>

#include "support/pth_file.hpp"
#include "support/temp_dir.hpp"

namespace dbnet::model {
namespace {

using test::TempDir;

TEST(Pth, ReadsWhatWasWritten) {
    const TempDir dir;
    const Tensor a = Tensor::of({2, 3}, std::vector<float>{1, 2, 3, 4, 5, 6});
    const Tensor b = Tensor::of({1}, std::vector<float>{7});
    test::write_pth(dir / "two.pth", {{"a", a}, {"b", b}});
    const StateDict state = read_pth(dir / "two.pth");
    ASSERT_EQ(state.tensors.size(), 2u);
    EXPECT_EQ(state.tensors[0], (std::pair<std::string, Tensor>{"a", a}));
    EXPECT_EQ(state.tensors[1], (std::pair<std::string, Tensor>{"b", b}));
}

TEST(Pth, AViewMayRepeatElements) {
    const TempDir dir;
    test::write_repeating_pth(dir / "views.pth", 3, 1000);
    const StateDict state = read_pth(dir / "views.pth");
    ASSERT_EQ(state.tensors.size(), 3u);
    EXPECT_EQ(state.tensors[2].second.dims(), Dims{1000});
    EXPECT_EQ(state.tensors[2].second.f32()[999], 1.0f);
}

TEST(Pth, ManyRepeatedElementsDoNotFillTheMemory) {
    const TempDir dir;
    test::write_repeating_pth(dir / "bomb.pth", 40, 1 << 20);
    try {
        read_pth(dir / "bomb.pth");
        FAIL() << "160 MB were made of a kilobyte";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::too_large);
        EXPECT_NE(std::string(error.what()).find("bomb.pth: w"), std::string::npos) << error.what();
    }
}

}  // namespace
}  // namespace dbnet::model
