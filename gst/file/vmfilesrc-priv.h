/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "vmfilesrc.h"

/* vmfilesrc-thread.c: gives it a streaming thread that lets others go first. */
gboolean vm_file_src_post_message (GstElement *element, GstMessage *message);
