/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * VM_API:
 *
 * Marks a symbol of the library as public; everything else is hidden.
 *
 * Since: 0.1
 */
#ifndef VM_API
#define VM_API extern __attribute__ ((visibility ("default")))
#endif

G_END_DECLS
