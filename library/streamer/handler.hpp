#pragma once

/// @file
/// What a handler is written with: `record_view`, `emitter` and `outcome` for the two forms that
/// are functions of one record, `async_handler` and `delivery` for the asynchronous form,
/// `permanent_error` for code that throws.

#include "messages/event.hpp"   // IWYU pragma: export
#include "messages/handler.hpp" // IWYU pragma: export
#include "messages/outcome.hpp" // IWYU pragma: export
#include "messages/record.hpp"  // IWYU pragma: export
