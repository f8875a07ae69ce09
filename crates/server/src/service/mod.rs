//! The use cases, one file for each noun. Here and only here state changes, in one transaction with
//! its audit row and its job (I6). Nothing here knows HTTP (I4).
