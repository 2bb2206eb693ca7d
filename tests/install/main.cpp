// A separate C++ program against the installed package: opens the model, detects on a generated image, prints the figures.
#include <dbnet/dbnet.hpp>

#include <iostream>

int main(int argc, char** argv) {
    try {
        const auto detector = dbnet::Detector::open(argv[1]);
        const dbnet::Image image = argc > 2 ? dbnet::Image::read(argv[2]) : dbnet::Image(320, 240);
        for (const dbnet::Region& region : detector.detect(image))
            std::cout << region.score << ' ' << region.polygon << '\n';
        std::cout << "dbnet " << dbnet::version() << ", memory " << detector.memory().total() << '\n';
    } catch (const dbnet::Error& error) {
        std::cerr << to_string(error.code()) << ": " << error.what() << '\n';
        return 1;
    }
}
