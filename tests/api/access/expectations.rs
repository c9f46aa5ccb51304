//! Reads `access_matrix.tsv`.

/// One line: an operation on a record in a relation, and the answer per column.
#[derive(Debug, Clone)]
pub struct Line {
    /// Such as `GET /api/v1/cases/{id}`.
    pub operation: String,
    /// Relation of the record to the asker.
    pub relation: String,
    /// Column and expected status.
    pub cells: Vec<(String, u16)>,
}

impl Line {
    /// Method and path below the server.
    pub fn parts(&self) -> (&str, &str) {
        self.operation.split_once(' ').expect("an operation is a method and a path")
    }
}

/// Every line of the file.
pub fn lines() -> Vec<Line> {
    let text = include_str!("../access_matrix.tsv");
    let mut rows = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty()).map(|line| line.split('\t'));
    let columns: Vec<&str> = rows.next().expect("a header").skip(2).collect();
    rows.map(|mut fields| {
        let operation = fields.next().expect("an operation").to_owned();
        let relation = fields.next().expect("a relation").to_owned();
        let cells: Vec<(String, u16)> = columns
            .iter()
            .zip(fields)
            .map(|(column, status)| (String::from(*column), status.parse().expect("a status")))
            .collect();
        assert_eq!(cells.len(), columns.len(), "{operation} {relation}: a cell is missing");
        Line { operation, relation, cells }
    })
    .collect()
}
