/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

/* The same property for another class: name, texts, type, range and default of
 * @spec, with @group before the blurb and @more flags. For string, uint,
 * boolean, enum and flags. */
GParamSpec *
vm_param_spec_copy (GParamSpec *spec, const gchar *group, GParamFlags more);
