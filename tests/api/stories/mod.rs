//! What the program promises, told as stories through the API.

mod main_job;
