/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Encoders that are installed and do not work. */

#include "media/vmcodec.h"
#include "program.h"

#include <string.h>

typedef struct
{
  GstElement parent;
} Broken;

typedef struct
{
  GstElementClass parent;
} BrokenClass;

static GType broken_get_type (void);
G_DEFINE_TYPE (Broken, broken, GST_TYPE_ELEMENT)

static GstStateChangeReturn
broken_change_state (GstElement *element, GstStateChange change)
{
  return change == GST_STATE_CHANGE_NULL_TO_READY
             ? GST_STATE_CHANGE_FAILURE
             : GST_ELEMENT_CLASS (broken_parent_class)
                   ->change_state (element, change);
}

static void
broken_class_init (BrokenClass *klass)
{
  GST_ELEMENT_CLASS (klass)->change_state = broken_change_state;
  gst_element_class_set_static_metadata (GST_ELEMENT_CLASS (klass), "Broken",
      "Codec/Encoder/Video", "Has no driver", "nobody");
}

static void
broken_init (Broken *self)
{
  GstElement *element = (GstElement *) self;

  gst_element_add_pad (element, gst_pad_new ("sink", GST_PAD_SINK));
  gst_element_add_pad (element, gst_pad_new ("src", GST_PAD_SRC));
}

static void
break_encoder (const gchar *name)
{
  gst_element_register (NULL, name, GST_RANK_NONE, broken_get_type ());
}

static gchar *
encoder_name (GstElement *bin)
{
  g_autoptr (GstElement) encoder =
      gst_bin_get_by_name (GST_BIN (bin), "encoder");

  return g_strdup (GST_OBJECT_NAME (gst_element_get_factory (encoder)));
}

/* The next one is used, and where there is none that works it is said. */
GST_START_TEST (test_next_encoder)
{
  g_autoptr (GstElement) first = NULL, second = NULL;
  g_autofree gchar *first_name = NULL, *second_name = NULL;
  g_autoptr (GError) error = NULL;

  first = vm_codec_make_encoder (VM_CODEC_H264, 500000, &error);
  g_assert_no_error (error);
  gst_object_ref_sink (first);
  first_name = encoder_name (first);
  fail_unless_equals_string (first_name, "x264enc");
  break_encoder ("x264enc");
  second = vm_codec_make_encoder (VM_CODEC_H264, 500000, &error);
  g_assert_no_error (error);
  gst_object_ref_sink (second);
  second_name = encoder_name (second);
  fail_unless_equals_string (second_name, "openh264enc");
  break_encoder ("openh264enc");
  fail_unless (vm_codec_make_encoder (VM_CODEC_H264, 500000, &error) == NULL);
  fail_unless (strstr (error->message, "openh264enc"), "%s", error->message);
}

GST_END_TEST;

static Suite *
vmcodec_suite (void)
{
  Suite *s = suite_create ("vmcodec");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_next_encoder);
  return s;
}

CHECK_PROGRAM (vmcodec)
