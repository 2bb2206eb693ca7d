#include <exception>
#include <iostream>

#include "model/onnx.hpp"
#include "support/tiny_model.hpp"

// write_tiny_model FILE: for tests of the commands.
int main(int argc, char** argv) {
    if (argc != 2) {
        std::cerr << "usage: write_tiny_model FILE\n";
        return 2;
    }
    try {
        dbnet::model::write_onnx(dbnet::test::tiny_model(), argv[1]);
    } catch (const std::exception& error) {
        std::cerr << error.what() << '\n';
        return 1;
    }
    return 0;
}
