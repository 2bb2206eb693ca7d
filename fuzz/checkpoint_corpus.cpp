// checkpoint_corpus DIR: writes small checkpoints into DIR, and the pickle of one by itself.
#include <filesystem>
#include <fstream>
#include <iostream>
#include <vector>

#include "support/pth_file.hpp"

int main(int argc, char** argv) {
    if (argc != 2) {
        std::cerr << "usage: checkpoint_corpus DIR\n";
        return 2;
    }
    using dbnet::model::Tensor;
    const std::string folder = argv[1];
    std::filesystem::create_directories(folder);
    const std::vector<float> values = {1, 2, 3, 4, 5, 6};
    dbnet::test::write_pth(folder + "/one.pth", {{"weight", Tensor::of({2, 3}, values)}});
    dbnet::test::write_pth(folder + "/two.pth",
                           {{"a", Tensor::of({6}, values)}, {"b", Tensor::of({1, 6, 1}, values)}});
    // {"a": [1, -2, 2.5, True, None], "b": (b"x", 300)} with a memo.
    constexpr char kPickle[] =
        "\x80\x02}q\x00(X\x01\x00\x00\x00"
        "aq\x01]q\x02(K\x01J\xfe\xff\xff\xffG@\x04\x00\x00\x00\x00\x00\x00\x88NeX\x01\x00\x00\x00"
        "bq\x03"
        "C\x01xM,\x01\x86q\x04u.";
    std::ofstream(folder + "/data.pkl", std::ios::binary).write(kPickle, sizeof kPickle - 1);
}
