#include <iostream>

#include "config/document.hpp"

/// Prints docs/configuration.md.
int main() { std::cout << streamer::configuration_document(); }
